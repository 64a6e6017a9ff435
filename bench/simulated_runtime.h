// The production runtime on a simulated machine, which knows what the kernels of some graphs cost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/sim/machine.h"
#include "backends/sim/world.h"
#include "bench/saved_graph.h"
#include "bench/simulation.h"
#include "runtime/exec/runtime.h"
#include "runtime/sched/task_costs.h"

namespace troika::bench {

// What a task of the graph takes on each device, launch included.
class TrueCosts final : public TaskCosts {
 public:
  // Both outlive it.
  TrueCosts(const sim::Machine& machine, const SavedGraph& graph);

  std::size_t devices() const noexcept override { return machine_.devices.size(); }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    return times_.at(graph_.tasks[task.value].kernel)[device.value];
  }
  CostKey key(TaskIndex) const override { return {}; }

 private:
  const sim::Machine& machine_;
  const SavedGraph& graph_;
  std::map<std::string, std::vector<std::optional<Nanos>>> times_;  // by kernel, then device
};

class SimulatedRuntime {
 public:
  // What stands between the policy and the executor; may be null.
  using Wrap =
      std::function<std::unique_ptr<Policy>(std::unique_ptr<Policy> policy, const sim::World&)>;

  // `graphs`: all that compile() will be asked for. Throws Error.
  SimulatedRuntime(const sim::Machine& machine, std::span<const SavedGraph> graphs,
                   const SimulationOptions& options, const Wrap& wrap);

  // Its buffers are addresses that nobody touches.
  Plan compile(const SavedGraph& graph);
  // Throws std::runtime_error for what the simulator objected to until now.
  void check() const;

  sim::World& world() noexcept { return *world_; }
  Runtime& runtime() noexcept { return *runtime_; }
  const sim::Machine& machine() const noexcept { return machine_; }  // the host comes first

 private:
  sim::Machine machine_;
  std::unique_ptr<sim::World> world_;
  std::vector<std::unique_ptr<std::uint8_t[]>> pages_;
  std::unique_ptr<Runtime> runtime_;
  std::vector<Buffer<std::uint8_t>> buffers_;
};

}  // namespace troika::bench
