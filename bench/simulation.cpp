#include "bench/simulation.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "backends/sim/sim.h"
#include "bench/saved_graph.h"
#include "runtime/exec/runtime.h"
#include "runtime/sched/cost_text.h"
#include "runtime/sched/prices.h"
#include "runtime/sched/ranks.h"

namespace troika::bench {
namespace {

// Asks another policy, and keeps what it answered, how long that took, and what came of it.
class Observed final : public Policy {
 public:
  Observed(std::unique_ptr<Policy> policy, const sim::World& world, Simulation& into)
      : policy_{std::move(policy)}, world_{world}, into_{into} {}

  std::string_view name() const noexcept override { return policy_->name(); }
  bool looks_ahead() const noexcept override { return policy_->looks_ahead(); }
  void on_ready(const ReadyTask& task, const SchedView& view) override {
    timed([&] { policy_->on_ready(task, view); });
  }
  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) override {
    std::optional<ReadyTask> task;
    timed([&] { task = policy_->next(lane, view); });
    if (task) into_.decision_ns.push_back(std::exchange(spent_, 0));
    return task;
  }
  void on_withdrawn(const ReadyTask& task) override {
    timed([&] { policy_->on_withdrawn(task); });
  }
  void on_done(const ReadyTask& task, LaneId lane, Nanos took) override {
    timed([&] { policy_->on_done(task, lane, took); });
    into_.tasks.push_back({TaskIndex{task.key.task}, lane, world_.now() - took, world_.now()});
  }

 private:
  template <class Call>
  void timed(Call&& call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    spent_ += took.count();
  }

  std::unique_ptr<Policy> policy_;
  const sim::World& world_;
  Simulation& into_;
  double spent_ = 0;
};

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

// What a task of the graph takes on each device, launch included.
class TrueCosts final : public TaskCosts {
 public:
  TrueCosts(const sim::Machine& machine, const SavedGraph& graph)
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

  std::size_t devices() const noexcept override { return machine_.devices.size(); }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    return times_.at(graph_.tasks[task.value].kernel)[device.value];
  }
  CostKey key(TaskIndex) const override { return {}; }

  // As a cost model that has seen each kernel often enough would save it.
  std::string learned(std::span<const std::unique_ptr<Device>> devices) const {
    constexpr std::size_t samples = 16;
    std::vector<CostRecord> records;
    std::vector<std::pair<std::string, std::size_t>> sizes;
    for (const SavedGraph::Task& task : graph_.tasks) {
      const std::pair size{task.kernel, bytes_of(graph_, task)};
      if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
    }
    for (const auto& [kernel, bytes] : sizes)
      for (std::size_t d = 0; d < devices.size(); ++d) {
        const auto time = times_.at(kernel)[d];
        const DeviceInfo& info = devices[d]->info();
        if (!time) continue;
        records.push_back({info.backend + ":" + info.description, kernel, bytes, 0,
                           static_cast<double>(bytes),
                           std::vector<double>(samples, static_cast<double>(time->count()))});
      }
    return write_costs(records);
  }

 private:
  const sim::Machine& machine_;
  const SavedGraph& graph_;
  std::map<std::string, std::vector<std::optional<Nanos>>> times_;  // by kernel, then device
};

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

// The program's own memory: addresses that nobody touches.
using Pages = std::vector<std::unique_ptr<std::uint8_t[]>>;

std::vector<Buffer<std::uint8_t>> buffers_of(Runtime& runtime, const SavedGraph& graph,
                                             Pages& pages) {
  std::vector<Buffer<std::uint8_t>> buffers;
  for (const SavedGraph::Buffer& buffer : graph.buffers) {
    pages.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(buffer.bytes));
    buffers.push_back(runtime.adopt(std::span{pages.back().get(), buffer.bytes}));
  }
  return buffers;
}

Graph graph_of(const SavedGraph& saved, const std::vector<Buffer<std::uint8_t>>& buffers,
               const sim::Machine& machine) {
  Graph graph;
  for (const SavedGraph::Task& task : saved.tasks) {
    std::vector<AnyArg> args;
    for (const SavedGraph::Use& use : task.uses) args.emplace_back(use.access, buffers[use.buffer]);
    TaskRef added = graph.add(task.kernel, args);
    for (const std::uint32_t earlier : task.after) added.after({graph, TaskIndex{earlier}});
    for (const sim::MachineDevice& device : machine.devices)
      if (find_cost(machine, device, task.kernel) == nullptr) added.never_on(device.name);
  }
  return graph;
}

Nanos lower_bound(const TaskGraph& graph, const TaskCosts& costs, const sim::Machine& machine) {
  std::vector<unsigned> lanes;
  for (const sim::MachineDevice& device : machine.devices) lanes.push_back(device.count);
  const std::vector<Nanos> paths = ranks(graph, costs);
  const Nanos longest = *std::max_element(paths.begin(), paths.end());
  const double area = find_prices(graph, costs, lanes).area_nanos;
  return std::max(longest, Nanos{static_cast<Nanos::rep>(area)});
}

}  // namespace

Simulation simulate(const PricedMachine& priced, const SavedGraph& saved,
                    const SimulationOptions& options) {
  const sim::Machine machine = host_first(priced.machine);
  sim::WorldOptions world_options;
  world_options.seed = options.seed;
  world_options.spread = options.spread;
  world_options.contents = false;
  sim::World world{world_options};
  Simulation result;
  Pages pages;
  RuntimeParts parts;
  parts.environment = &world;
  parts.devices = sim::open(world, machine).devices;
  parts.policy = std::make_unique<Observed>(
      value_or_throw(make_policy(options.policy, options.seed)), world, result);
  const TrueCosts costs{machine, saved};
  RuntimeOptions runtime_options;
  runtime_options.policy = options.policy;
  runtime_options.seed = options.seed;
  if (options.known_costs) runtime_options.executor.costs = costs.learned(parts.devices);
  Runtime runtime{std::move(parts), std::move(runtime_options)};
  define_kernels(runtime.kernels(), saved);
  const auto buffers = buffers_of(runtime, saved, pages);
  Plan plan = runtime.compile(graph_of(saved, buffers, machine));
  if (options.search > Nanos{0}) plan.optimize(options.search);
  const Run run = runtime.run(plan);
  run.wait();
  if (!world.violations().empty()) throw std::runtime_error(world.violations().front());
  result.makespan = run.makespan();
  result.lower_bound = lower_bound(*plan.state()->graph, costs, machine);
  result.bytes_copied = runtime.counters().bytes_copied;
  for (const sim::MachineDevice& device : machine.devices)
    result.lanes.insert(result.lanes.end(), device.count, device.name);
  return result;
}

}  // namespace troika::bench
