#include <algorithm>
#include <optional>

#include "backends/sim/tile_kernels.h"
#include "bench/simulation.h"

namespace troika::bench {
namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// The machine as if kernels were priced by the area of a tile rather than by the bytes they touch,
// which differ in who counts what.
sim::Machine by_area(sim::Machine machine) {
  for (sim::KernelCost& cost : machine.costs)
    if (cost.tile != 0) cost.bytes = cost.tile * cost.tile;
  return machine;
}

bool has_costs(const sim::Machine& machine, const std::string& costs, std::string_view kernel) {
  return std::any_of(machine.costs.begin(), machine.costs.end(), [&](const sim::KernelCost& cost) {
    return cost.kernel == kernel && cost.costs == costs;
  });
}

// At tiles of that side, whatever the bytes. False when the device has no row for `measured`.
bool add_cost(sim::Machine& priced, const sim::Machine& machine, const sim::MachineDevice& device,
              const std::string& kernel, std::string_view measured, double factor,
              std::size_t tile) {
  if (has_costs(priced, device.costs, kernel)) return true;
  if (!has_costs(machine, device.costs, measured)) return false;
  const sim::Price price = sim::price_of(machine, device, measured, tile * tile);
  const auto times = [factor](Nanos time) { return from_seconds(factor * to_seconds(time)); };
  priced.costs.push_back({kernel, device.costs, 0, times(price.mean), times(price.stddev), tile});
  return true;
}

// Flops over gemm's; none for a kernel that nobody knows the flops of.
std::optional<double> flops_by_gemm(std::string_view kernel) {
  const sim::TileKernel* const own = sim::find_tile_kernel(kernel);
  if (own == nullptr) return std::nullopt;
  return own->flops / sim::find_tile_kernel("gemm")->flops;
}

}  // namespace

Result<PricedMachine> priced(sim::Machine machine, const std::vector<std::string>& kernels,
                             std::size_t tile, Estimate estimate) {
  PricedMachine result{machine, {}};
  result.machine.costs.clear();
  const sim::Machine measured = by_area(std::move(machine));
  for (const std::string& kernel : kernels) {
    bool able = false;
    for (const sim::MachineDevice& device : measured.devices)
      able = add_cost(result.machine, measured, device, kernel, kernel, 1, tile) || able;
    if (able) continue;
    const auto flops = estimate == Estimate::yes ? flops_by_gemm(kernel) : std::nullopt;
    for (const sim::MachineDevice& device : measured.devices)
      if (flops)
        able = add_cost(result.machine, measured, device, kernel, "gemm", *flops, tile) || able;
    if (!able)
      return Status{Code::not_found,
                    "machine " + measured.name + " has no cost of kernel " + kernel +
                        (estimate == Estimate::yes ? ", and none can be derived from gemm"
                                                   : "; --estimate derives it from gemm by flops")};
    result.estimated.push_back(kernel);
  }
  return result;
}

std::vector<std::string> kernels_of(const sim::Machine& machine) {
  std::vector<std::string> names;
  for (const sim::KernelCost& cost : machine.costs) add_once(names, cost.kernel);
  return names;
}

std::vector<std::string> kernels_of(const SavedGraph& graph) {
  std::vector<std::string> names;
  for (const SavedGraph::Task& task : graph.tasks) add_once(names, task.kernel);
  return names;
}

sim::Machine without_transfers(sim::Machine machine) {
  for (sim::MachineDevice& device : machine.devices) {
    device.space = "host";
    device.memory_bytes = 0;
    device.copy_queue = false;
  }
  machine.links.clear();
  machine.shared_links.clear();
  return machine;
}

}  // namespace troika::bench
