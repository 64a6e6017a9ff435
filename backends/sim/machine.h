// A machine as plain values: its devices, its links, and what each kernel costs where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/device/device.h"

namespace troika::sim {

struct MachineDevice {
  std::string name;
  DeviceKind kind = DeviceKind::cpu;
  unsigned count = 1;            // identical workers: DeviceInfo::lanes
  std::string space = "host";    // devices that name the same space share it
  std::size_t memory_bytes = 0;  // of the space, as far as this device says; 0: no limit
  std::string costs;             // rows of Machine::costs it goes by
  bool is_host = false;          // the host's own cores: the agent that host code is, too
  bool copy_queue = false;
  bool coherent = true;  // sees the writes of its space's other agents, and they its own
  bool adopts = false;   // a space of its own, yet its kernels reach host pages
  std::size_t queue_capacity = 1024;
  bool measures = true;  // tells Intervals
  bool recalls = true;   // an abandoned queue never begins what it has not begun, and says so
  Nanos launch_latency{0};
  Nanos hand_over_latency{2'000};
  double bytes_per_second = 10e9;
  double flops_per_second = 10e9;
};

// Directed. Transfers on it, and on every shared link it draws from, divide the bandwidth.
struct MachineLink {
  std::string from, to;
  double bytes_per_second = 10e9;
  Nanos latency{10'000};
  std::vector<std::string> shares;
};

struct SharedLink {
  std::string name;
  double bytes_per_second = 10e9;
};

// `bytes`: of all buffer arguments together; 0: at every size. `tile`: the side of the tiles that
// it was measured with; 0: not said.
struct KernelCost {
  std::string kernel;
  std::string costs;
  std::size_t bytes = 0;
  Nanos mean{0};
  Nanos stddev{0};
  std::size_t tile = 0;
};

struct Machine {
  std::string name;
  std::vector<MachineDevice> devices;
  std::vector<MachineLink> links;
  std::vector<SharedLink> shared_links;
  std::vector<KernelCost> costs;
};

struct Price {
  Nanos mean{0};
  Nanos stddev{0};
};

// Measured sizes as they are; between two of them a power law, beyond them in proportion to bytes.
// A kernel without a row costs its bytes at the device's bandwidth, and a microsecond.
Price price_of(const Machine& machine, const MachineDevice& device, std::string_view kernel,
               std::size_t bytes);

// Reads a machine file and the table of costs that it names, which lies beside it.
Result<Machine> read_machine(const std::string& path);

}  // namespace troika::sim
