#include "backends/sim/bundled.h"

#include <algorithm>
#include <array>

#include "backends/sim/tile_kernels.h"

namespace troika::sim {
namespace {

constexpr std::array<std::string_view, 3> names{"laptop", "workstation", "server8"};
constexpr std::array<std::size_t, 5> tiles{128, 256, 512, 1024, 2048};
constexpr std::size_t gigabyte = std::size_t{1} << 30;
constexpr double deviation = 0.03;  // of a kernel's time

// One device, or one core of it.
struct Peak {
  double flops_per_second;  // single precision
  double half_tile;         // tiles of this side reach half of it: wider devices need larger ones
};

double share_of(const TileKernel& kernel, DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu: return kernel.cpu_share;
    case DeviceKind::gpu: return kernel.gpu_share;
    case DeviceKind::fpga: return kernel.fpga_share;
  }
  return 0;
}

void price(Machine& machine, const MachineDevice& device, const Peak& peak) {
  for (const TileKernel& kernel : tile_kernels())
    for (const std::size_t tile : tiles) {
      const double share = share_of(kernel, device.kind);
      if (share == 0) continue;
      const auto side = static_cast<double>(tile);
      const double rate = peak.flops_per_second * share * side / (side + peak.half_tile);
      const double seconds = kernel.flops * side * side * side / rate;
      machine.costs.push_back({std::string{kernel.name}, device.costs, tile * tile * sizeof(float),
                               from_seconds(seconds), from_seconds(deviation * seconds), tile});
    }
}

void add_cores(Machine& machine, unsigned count, double flops_per_second) {
  MachineDevice cores;
  cores.name = cores.costs = "cpu";
  cores.count = count;
  cores.is_host = true;
  cores.launch_latency = Nanos{500};
  cores.flops_per_second = flops_per_second;
  machine.devices.push_back(cores);
  price(machine, cores, {flops_per_second, 16});
}

// Its costs are priced once for all that go by them.
MachineDevice accelerator(std::string name, std::string costs, DeviceKind kind,
                          std::size_t memory_bytes) {
  MachineDevice device;
  device.name = device.space = std::move(name);
  device.costs = std::move(costs);
  device.kind = kind;
  device.memory_bytes = memory_bytes;
  device.copy_queue = true;
  device.launch_latency = kind == DeviceKind::gpu ? Nanos{8'000} : Nanos{20'000};
  return device;
}

void link_to_host(Machine& machine, const std::string& space, double bytes_per_second,
                  std::vector<std::string> shares = {}) {
  machine.links.push_back({"host", space, bytes_per_second, Nanos{10'000}, shares});
  machine.links.push_back({space, "host", bytes_per_second, Nanos{10'000}, std::move(shares)});
}

Machine laptop() {
  Machine machine;
  machine.name = "laptop";
  add_cores(machine, 6, 60e9);
  MachineDevice gpu = accelerator("gpu", "gpu", DeviceKind::gpu, 0);
  gpu.space = "host";
  gpu.copy_queue = false;
  machine.devices.push_back(gpu);
  price(machine, gpu, {1.2e12, 200});
  return machine;
}

Machine workstation() {
  Machine machine;
  machine.name = "workstation";
  add_cores(machine, 16, 80e9);
  machine.devices.push_back(accelerator("gpu", "gpu", DeviceKind::gpu, 16 * gigabyte));
  price(machine, machine.devices.back(), {15e12, 400});
  machine.devices.push_back(accelerator("fpga", "fpga", DeviceKind::fpga, 8 * gigabyte));
  price(machine, machine.devices.back(), {0.8e12, 60});
  link_to_host(machine, "gpu", 25e9);
  link_to_host(machine, "fpga", 12e9);
  return machine;
}

Machine server8() {
  Machine machine;
  machine.name = "server8";
  add_cores(machine, 64, 60e9);
  constexpr unsigned gpus = 8;
  const auto name_of = [](unsigned g) { return "gpu" + std::to_string(g); };
  for (unsigned g = 0; g < gpus; ++g) {
    machine.devices.push_back(accelerator(name_of(g), "gpu", DeviceKind::gpu, 40 * gigabyte));
    const std::string bus = "switch" + std::to_string(g / 2);
    if (g % 2 == 0) machine.shared_links.push_back({bus, 25e9});
    link_to_host(machine, name_of(g), 25e9, {bus});
  }
  price(machine, machine.devices.back(), {20e12, 400});
  for (unsigned from = 0; from < gpus; ++from)
    for (unsigned to = 0; to < gpus; ++to)
      if (from != to)
        machine.links.push_back({name_of(from), name_of(to), 200e9, Nanos{15'000}, {}});
  return machine;
}

}  // namespace

Result<Machine> bundled_machine(std::string_view name) {
  if (name == "laptop") return laptop();
  if (name == "workstation") return workstation();
  if (name == "server8") return server8();
  std::string known;
  for (const std::string_view each : names) {
    if (!known.empty()) known += ", ";
    known += each;
  }
  return Status{Code::not_found,
                "no machine is called '" + std::string{name} + "'; there are " + known};
}

std::span<const std::string_view> bundled_machine_names() noexcept { return names; }

}  // namespace troika::sim
