#include "bench/simulated_runtime.h"

#include <algorithm>
#include <stdexcept>

#include "backends/sim/sim.h"
#include "runtime/sched/cost_text.h"

namespace troika::bench {
namespace {

// The runtime wants the host first.
sim::Machine host_first(sim::Machine machine) {
  std::stable_partition(machine.devices.begin(), machine.devices.end(),
                        [](const sim::MachineDevice& device) { return device.is_host; });
  return machine;
}

const sim::KernelCost* find_cost(const sim::Machine& machine, const sim::MachineDevice& device,
                                 std::string_view kernel) {
  const auto found =
      std::find_if(machine.costs.begin(), machine.costs.end(), [&](const sim::KernelCost& cost) {
        return cost.kernel == kernel && cost.costs == device.costs;
      });
  return found == machine.costs.end() ? nullptr : &*found;
}

std::size_t bytes_of(const SavedGraph& graph, const SavedGraph::Task& task) {
  std::size_t bytes = 0;
  for (const SavedGraph::Use& use : task.uses) bytes += graph.buffers[use.buffer].bytes;
  return bytes;
}

// As a cost model that has seen each kernel often enough would save it.
std::string learned(const sim::Machine& machine, std::span<const SavedGraph> graphs,
                    std::span<const std::unique_ptr<Device>> devices) {
  constexpr std::size_t samples = 16;
  std::vector<CostRecord> records;
  std::vector<std::pair<std::string, std::size_t>> sizes;
  for (const SavedGraph& graph : graphs) {
    const TrueCosts costs{machine, graph};
    for (std::uint32_t t = 0; t < graph.tasks.size(); ++t) {
      const std::pair size{graph.tasks[t].kernel, bytes_of(graph, graph.tasks[t])};
      if (std::find(sizes.begin(), sizes.end(), size) != sizes.end()) continue;
      sizes.push_back(size);
      const auto& [kernel, bytes] = size;
      for (std::uint32_t d = 0; d < devices.size(); ++d) {
        const auto time = costs.time(TaskIndex{t}, DeviceId{d});
        const DeviceInfo& info = devices[d]->info();
        if (!time) continue;
        records.push_back({info.backend + ":" + info.description, kernel, bytes, 0,
                           static_cast<double>(bytes),
                           std::vector<double>(samples, static_cast<double>(time->count()))});
      }
    }
  }
  return write_costs(records);
}

sim::WorldOptions world_options(const SimulationOptions& options) {
  sim::WorldOptions world;
  world.seed = options.seed;
  world.spread = options.spread;
  world.misread = options.misread;
  world.contents = false;
  return world;
}

sim::FaultPlan faults_of(const sim::Machine& machine, const SimulationOptions& options) {
  if (options.slow.empty()) return {};
  if (std::ranges::none_of(machine.devices, [&](const auto& d) { return d.name == options.slow; }))
    throw Error{Status{Code::not_found, machine.name + " has no device '" + options.slow + "'"}};
  sim::Fault fault;
  fault.kind = sim::FaultKind::device_slow;
  fault.device = options.slow;
  fault.at = options.slow_from;
  fault.factor = options.slow_factor;
  return {{fault}};
}

void define_kernels(KernelRegistry& kernels, const SavedGraph& graph) {
  for (const SavedGraph::Task& task : graph.tasks) {
    if (kernels.find(task.kernel) != nullptr) continue;
    Operation operation;
    operation.name = task.kernel;
    for (const SavedGraph::Use& use : task.uses)
      operation.params.push_back({true, Type::u8, use.access});
    // On the host a task is not queued behind one that is in flight: neither is it there, really.
    for (const Dialect dialect : {Dialect::host, Dialect::sim}) {
      KernelImage image;
      image.operation = task.kernel;
      image.dialect = dialect;
      image.params = operation.params;
      operation.images.push_back(std::move(image));
    }
    throw_if_failed(kernels.define(std::move(operation)));
  }
}

}  // namespace

TrueCosts::TrueCosts(const sim::Machine& machine, const SavedGraph& graph)
    : machine_{machine}, graph_{graph} {
  for (const std::string& kernel : kernels_of(graph)) {
    auto& times = times_[kernel];
    for (const sim::MachineDevice& device : machine.devices) {
      const sim::KernelCost* const cost = find_cost(machine, device, kernel);
      times.push_back(cost == nullptr ? std::nullopt
                                      : std::optional{cost->mean + device.launch_latency});
    }
  }
}

SimulatedRuntime::SimulatedRuntime(const sim::Machine& machine, std::span<const SavedGraph> graphs,
                                   const SimulationOptions& options, const Wrap& wrap)
    : machine_{host_first(machine)}, world_{std::make_unique<sim::World>(world_options(options))} {
  RuntimeParts parts;
  parts.environment = world_.get();
  parts.devices = sim::open(*world_, machine_, faults_of(machine_, options)).devices;
  parts.policy = value_or_throw(make_policy(options.policy, options.seed));
  if (wrap) parts.policy = wrap(std::move(parts.policy), *world_);
  RuntimeOptions runtime_options;
  runtime_options.policy = options.policy;
  runtime_options.seed = options.seed;
  if (options.known_costs)
    runtime_options.executor.costs = learned(machine_, graphs, parts.devices);
  runtime_ = std::make_unique<Runtime>(std::move(parts), std::move(runtime_options));
  for (const SavedGraph& graph : graphs) define_kernels(runtime_->kernels(), graph);
}

Plan SimulatedRuntime::compile(const SavedGraph& saved) {
  const std::size_t first = buffers_.size();
  for (const SavedGraph::Buffer& buffer : saved.buffers) {
    pages_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(buffer.bytes));
    buffers_.push_back(runtime_->adopt(std::span{pages_.back().get(), buffer.bytes}));
  }
  Graph graph;
  for (const SavedGraph::Task& task : saved.tasks) {
    std::vector<AnyArg> args;
    for (const SavedGraph::Use& use : task.uses)
      args.emplace_back(use.access, buffers_[first + use.buffer]);
    TaskRef added = graph.add(task.kernel, args);
    for (const std::uint32_t earlier : task.after) added.after({graph, TaskIndex{earlier}});
    for (const sim::MachineDevice& device : machine_.devices)
      if (find_cost(machine_, device, task.kernel) == nullptr) added.never_on(device.name);
  }
  return runtime_->compile(graph);
}

void SimulatedRuntime::check() const {
  if (!world_->violations().empty()) throw std::runtime_error(world_->violations().front());
}

}  // namespace troika::bench
