#include "runtime/sched/mix_prices.h"

#include <algorithm>
#include <cmath>

namespace troika {
namespace {

// Of the exponentially weighted mean load, the latest arrival.
constexpr double latest_weight = 1.0 / 32;
constexpr double step = 0.02;

}  // namespace

void MixPrices::arrive(std::span<const AlikeTasks> work, std::span<const double> alone,
                       std::span<const unsigned> lanes) {
  if (by_device_.empty()) by_device_.assign(alone.begin(), alone.end());
  std::vector<double> load;
  find_area(work, by_device_, lanes, load);
  if (load_.empty()) load_ = load;
  double most = 0;
  for (std::size_t d = 0; d < load.size(); ++d) {
    load_[d] += latest_weight * (load[d] - load_[d]);
    most = std::max(most, load_[d]);
  }
  if (most == 0) return;
  double sum = 0;
  for (std::size_t d = 0; d < load.size(); ++d)
    sum += lanes[d] * (by_device_[d] *= std::exp(step * load_[d] / most));
  if (sum > 0)
    for (double& price : by_device_) price /= sum;
}

}  // namespace troika
