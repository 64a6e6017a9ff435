// What goes wrong on a machine, where and when: a plan made before the world starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/sim/ledger.h"
#include "backends/sim/machine.h"

namespace troika::sim {

// Strikes at the nth launch of the device (copy, for copy_fails; allocation, for allocate_fails),
// counted from 1; or, with nth = 0, at the time `at`. Of FaultKind, the reports' kinds are options
// of the world instead. device_hangs: the device, or of the host one lane, begins and ends nothing
// more. device_lost: what was in flight fails, its memory is garbage, every verb fails from now on.
struct Fault {
  FaultKind kind = FaultKind::kernel_fails;
  std::string device;
  std::uint64_t nth = 0;
  Nanos at{0};
  double factor = 1;  // device_slow: kernels take so many times as long
};

struct FaultPlan {
  std::vector<Fault> faults;

  // Draws about `faults_mean` faults. The host is never lost, but may be slow, fail and hang a
  // lane. `until` is about how long the run takes, `launches` about how many there are on a device.
  static FaultPlan drawn(std::uint64_t seed, const Machine& machine, double faults_mean,
                         Nanos until, std::uint64_t launches);
};

}  // namespace troika::sim
