// What of this machine the process may use: CPUs, memory, and the limits of its cgroup.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troika::host {

// None: no limit is set.
struct CgroupLimits {
  std::optional<double> cpus;  // CFS quota divided by its period
  std::optional<std::size_t> memory_bytes;
  std::size_t memory_used_bytes = 0;  // of the group with the tightest memory limit
};

// The tightest limits of this process's cgroup and its parents, version 1 or 2. `proc_self` and
// `mounts` are "/proc/self" and "/sys/fs/cgroup" but in tests.
CgroupLimits read_cgroup_limits(const std::string& proc_self = "/proc/self",
                                const std::string& mounts = "/sys/fs/cgroup");

struct Topology {
  std::vector<unsigned> cpus;  // allowed to this process, by their operating-system numbers
  unsigned cores = 1;          // physical cores among them
  std::string description;     // the CPU's model name
  std::size_t memory_bytes = 0;
};

// Reads the affinity mask and what Linux says of the CPUs in it: a few files and one more for each
// CPU. The places are other ones in tests.
Topology read_topology(const std::string& cpu_folders = "/sys/devices/system/cpu",
                       const std::string& cpuinfo = "/proc/cpuinfo");

// As many threads as can run at once: allowed CPUs, bounded by the cgroup's quota (rounded up).
unsigned usable_workers(const Topology& topology, const CgroupLimits& limits) noexcept;

// Memory that can be taken now without swapping, within the cgroup's limit.
std::size_t memory_available_bytes();

}  // namespace troika::host
