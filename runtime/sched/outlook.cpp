#include "runtime/sched/outlook.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace troika {
namespace {

constexpr auto styles = [] {
  std::array<Outlook::Style, 20> result{};
  std::size_t next = 0;
  for (const bool feeds : {true, false})
    for (const double tolerance : {1.0, 1.03})
      for (const double tilt : {-0.05, 0.0, 0.05})
        result[next++] = {feeds, true, true, tolerance, 1.02, tilt};
  for (const bool feeds : {true, false}) {
    for (const double tolerance : {1.0, 1.03})
      result[next++] = {feeds, true, false, tolerance, 1.02, 0};
    for (const double stretch : {1.02, 1.2}) result[next++] = {feeds, false, true, 1, stretch, 0};
  }
  return result;
}();

std::vector<double> tilted(std::vector<double> prices, const Outlook::Style& style) {
  double most = 0;
  for (const double price : prices) most = std::max(most, price);
  for (double& price : prices)
    if (price > 0) price *= std::pow(price / most, style.tilt);
  return prices;
}

}  // namespace

Outlook outlook_of(std::vector<AlikeTasks> work, const Prices& found, double longest,
                   const Outlook::Style& style) {
  return {found.by_device,
          tilted(found.by_device, style),
          std::move(work),
          found.area_nanos,
          style.stretch * std::max(longest, found.area_nanos),
          style,
          {}};
}

Outlook at_prices(const Outlook& outlook, std::span<const double> by_device,
                  std::span<const unsigned> lanes) {
  Outlook result = outlook;
  result.prices.assign(by_device.begin(), by_device.end());
  result.style = {};  // the plan's own is for when it is alone
  result.tilted = tilted(result.prices, result.style);
  std::vector<double> load;
  result.area_nanos = find_area(outlook.work, by_device, lanes, load);
  result.assigned = {};
  return result;
}

std::span<const Outlook::Style> outlook_styles() noexcept { return styles; }

}  // namespace troika
