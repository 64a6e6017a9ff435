#include "backends/sim/machine.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace troika::sim {
namespace {

constexpr Nanos unpriced_latency{1'000};

Price scaled(const KernelCost& cost, double factor) {
  const auto times = [factor](Nanos t) { return from_seconds(to_seconds(t) * factor); };
  return {times(cost.mean), times(cost.stddev)};
}

}  // namespace

Price price_of(const Machine& machine, const MachineDevice& device, std::string_view kernel,
               std::size_t bytes) {
  std::map<std::size_t, const KernelCost*> rows;
  for (const KernelCost& cost : machine.costs)
    if (cost.kernel == kernel && cost.costs == device.costs) rows[cost.bytes] = &cost;

  if (const auto exact = rows.find(bytes); exact != rows.end())
    return {exact->second->mean, exact->second->stddev};
  if (const auto any = rows.find(0); any != rows.end())
    return {any->second->mean, any->second->stddev};
  const auto size = static_cast<double>(bytes);
  if (rows.empty())
    return {unpriced_latency + from_seconds(size / device.bytes_per_second), Nanos{0}};

  const auto above = rows.lower_bound(bytes);
  if (above == rows.begin())
    return scaled(*above->second, size / static_cast<double>(above->first));
  const auto below = std::prev(above);
  const KernelCost& from = *below->second;
  if (above == rows.end()) return scaled(from, size / static_cast<double>(below->first));
  const double exponent =
      std::log(to_seconds(above->second->mean) / to_seconds(from.mean)) /
      std::log(static_cast<double>(above->first) / static_cast<double>(below->first));
  return scaled(from, std::pow(size / static_cast<double>(below->first), exponent));
}

}  // namespace troika::sim
