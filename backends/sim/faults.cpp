#include "backends/sim/faults.h"

#include <algorithm>
#include <array>

#include "backends/sim/rng.h"

namespace troika::sim {

FaultPlan FaultPlan::drawn(std::uint64_t seed, const Machine& machine, double faults_mean,
                           Nanos until, std::uint64_t launches) {
  constexpr std::array kinds{FaultKind::kernel_fails, FaultKind::copy_fails,
                             FaultKind::device_slow,  FaultKind::device_lost,
                             FaultKind::device_hangs, FaultKind::allocate_fails};
  Rng rng = Rng{seed}.fork("faults");
  FaultPlan plan;
  if (machine.devices.empty()) return plan;
  // Geometric: some runs have none, a few have many.
  while (rng.chance(faults_mean / (1 + faults_mean))) {
    const MachineDevice& device = machine.devices[rng.index(machine.devices.size())];
    Fault fault;
    fault.device = device.name;
    fault.kind = kinds[rng.index(kinds.size())];
    if (device.is_host &&
        (fault.kind == FaultKind::device_lost || fault.kind == FaultKind::copy_fails))
      continue;
    const bool counted = fault.kind == FaultKind::kernel_fails ||
                         fault.kind == FaultKind::copy_fails ||
                         fault.kind == FaultKind::allocate_fails ||
                         (fault.kind != FaultKind::device_slow && rng.chance(0.5));
    if (counted) fault.nth = 1 + rng.below(std::max<std::uint64_t>(launches, 1));
    else fault.at = from_seconds(rng.unit() * to_seconds(until));
    if (fault.kind == FaultKind::device_slow) fault.factor = 2 + 18 * rng.unit();
    plan.faults.push_back(fault);
  }
  return plan;
}

}  // namespace troika::sim
