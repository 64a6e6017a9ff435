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

}  // namespace

Outlook outlook_of(const Prices& found, double longest, const Outlook::Style& style) {
  Outlook outlook{found.by_device,
                  found.by_device,
                  found.area_nanos,
                  style.stretch * std::max(longest, found.area_nanos),
                  style,
                  {}};
  double most = 0;
  for (const double price : outlook.prices) most = std::max(most, price);
  for (double& price : outlook.tilted)
    if (price > 0) price *= std::pow(price / most, style.tilt);
  return outlook;
}

std::span<const Outlook::Style> outlook_styles() noexcept { return styles; }

}  // namespace troika
