#include "bench/simulation.h"

#include <algorithm>
#include <chrono>

#include "bench/simulated_runtime.h"
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

Nanos lower_bound(const TaskGraph& graph, const TaskCosts& costs, const sim::Machine& machine) {
  std::vector<unsigned> lanes;
  for (const sim::MachineDevice& device : machine.devices) lanes.push_back(device.count);
  const std::vector<Nanos> paths = ranks(graph, costs);
  const Nanos longest = *std::max_element(paths.begin(), paths.end());
  const double area = find_prices(graph, costs, lanes).area_nanos;
  return std::max(longest, Nanos{static_cast<Nanos::rep>(area)});
}

}  // namespace

Simulation simulate(const PricedMachine& priced, const SavedGraph& graph,
                    const SimulationOptions& options) {
  Simulation result;
  SimulatedRuntime simulated{priced.machine,
                             {&graph, 1},
                             options,
                             [&](std::unique_ptr<Policy> policy, const sim::World& world) {
                               return std::make_unique<Observed>(std::move(policy), world, result);
                             }};
  Plan plan = simulated.compile(graph);
  if (options.search > Nanos{0}) plan.optimize(options.search);
  for (unsigned i = 0; i < options.runs; ++i) {
    result.tasks.clear();
    result.decision_ns.clear();
    const Run run = simulated.runtime().run(plan);
    run.wait();
    simulated.check();
    result.makespan = run.makespan();
  }
  const sim::Machine& machine = simulated.machine();
  result.lower_bound = lower_bound(*plan.state()->graph, TrueCosts{machine, graph}, machine);
  result.bytes_copied = simulated.runtime().counters().bytes_copied;
  for (const sim::MachineDevice& device : machine.devices)
    result.lanes.insert(result.lanes.end(), device.count, device.name);
  return result;
}

}  // namespace troika::bench
