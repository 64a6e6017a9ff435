// A plan's course as the cost model sees it now.
#include "runtime/exec/executor.h"
#include "runtime/exec/planned_costs.h"
#include "runtime/exec/view.h"
#include "runtime/sched/find_outlook.h"
#include "runtime/sched/ranks.h"

namespace troika {
namespace {

// Costs as they were at one moment: the model goes on learning while the forecast is made.
class CostTable final : public TaskCosts {
 public:
  CostTable(const PlanState& plan, const TaskCosts& costs, DeviceMask open,
            std::span<const double> cores_taken)  // by device
      : plan_{plan}, devices_{costs.devices()} {
    times_.reserve(plan.size() * devices_);
    for (std::uint32_t t = 0; t < plan.size(); ++t)
      for (std::uint32_t d = 0; d < devices_; ++d) {
        std::optional<Nanos>& time = times_.emplace_back();
        if ((open & bit(DeviceId{d})) != 0) time = costs.time(TaskIndex{t}, DeviceId{d});
        if (time) time = from_seconds(to_seconds(*time) * cores_taken[d]);
      }
  }

  std::size_t devices() const noexcept override { return devices_; }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    return times_[task.value * devices_ + device.value];
  }
  CostKey key(TaskIndex task) const override { return plan_.kind(task).cost; }

 private:
  const PlanState& plan_;
  const std::size_t devices_;
  std::vector<std::optional<Nanos>> times_;  // by task, then device
};

// As many observations more teach something new.
constexpr std::uint64_t observations_min = 16;

}  // namespace

struct Executor::Snapshot {
  CostTable costs;
  std::vector<ForecastLane> lanes;
};

// The executor's lock is held.
Executor::Snapshot Executor::snapshot(const PlanState& plan, DeviceMask among) const {
  view_->refresh();
  std::vector<double> cores_taken(devices_.size(), 1);
  std::vector<ForecastLane> lanes;
  for (const LaneView& lane : view_->lanes()) {
    cores_taken[lane.device.value] = lane.cores_taken;
    lanes.push_back({lane.device,
                     {lane.shares_cores_with.begin(), lane.shares_cores_with.end()},
                     lane.cores_taken});
  }
  return {CostTable{plan, PlannedCosts{plan, memo_, devices_.size()},
                    open_devices() & ~away_devices() & among, cores_taken},
          std::move(lanes)};
}

Result<Forecast> Executor::predict(const PlanState& plan, Policy& policy, DeviceMask among) const {
  std::unique_lock lock{shared_};
  const Snapshot now = snapshot(plan, among);
  std::shared_ptr<const Outlook> outlook = plan.outlook;
  if (outlook && outlook->prices.size() != devices_.size()) outlook = nullptr;
  lock.unlock();
  ForecastOptions options;
  options.outlook = outlook.get();
  return forecast(*plan.graph, now.costs, now.lanes, policy, options);
}

void Executor::look_out(PlanState& plan, Look look) {
  const bool ahead = policy_->looks_ahead();
  if (!ahead && look == Look::as_policy_asks) return;
  std::unique_lock lock{shared_};
  drop_if_outdated(plan);
  const std::uint64_t due_at = 2 * plan.outlook_made_at + observations_min;
  if (plan.outlook && (plan.optimized || observations_ < due_at)) return;
  const std::uint64_t made_at = observations_;
  const Snapshot now = snapshot(plan, ~DeviceMask{0});
  const bool one_space = std::ranges::all_of(
      devices_, [](const auto& device) { return device->info().space == host_space; });
  lock.unlock();

  std::vector<Nanos> paths = ranks(*plan.graph, now.costs);
  auto outlook = ahead ? find_outlook(*plan.graph, now.costs, now.lanes,
                                      one_space ? Spaces::one : Spaces::several)
                       : price_outlook(*plan.graph, now.costs, now.lanes);

  lock.lock();
  plan.outlook = outlook ? std::make_shared<const Outlook>(*std::move(outlook)) : nullptr;
  plan.outlook_made_at = made_at;
  drop_if_outdated(plan);
  // Ready sets are sorted by rank.
  if (plan.active_runs == 0) plan.ranks = std::move(paths);
}

Result<bool> Executor::optimize(PlanState& plan, Policy& policy, Nanos budget) {
  const auto begin = std::chrono::steady_clock::now();
  const auto used = [&] {
    return (std::chrono::steady_clock::now() - begin) /
           std::chrono::duration<double, std::nano>(std::max(budget, Nanos{1}));
  };
  TROIKA_ASSIGN(const Forecast before, predict(plan, policy, ~DeviceMask{0}));
  std::unique_lock lock{shared_};
  const Snapshot now = snapshot(plan, ~DeviceMask{0});
  lock.unlock();
  auto found = search_outlook(*plan.graph, now.costs, now.lanes, optimized_ += 1, used);
  if (!found || found->assigned.makespan >= before.makespan) return false;

  lock.lock();
  plan.trial.begin(std::exchange(plan.outlook, std::make_shared<const Outlook>(*std::move(found))));
  plan.optimized = true;
  drop_if_outdated(plan);
  return plan.optimized;
}

// How long the run took, for what was found for its plan.
void Executor::note_outlook(const RunState& run) {
  PlanState& plan = *run.plan;
  if (run.outlook != plan.outlook || run.touches_first || !run.outcome.ok() ||
      !plan.trial.observe(run.finished - run.submitted))
    return;
  plan.outlook = plan.trial.take_back();
  plan.optimized = false;
}

// It was made for fewer devices.
void Executor::drop_if_outdated(PlanState& plan) const {
  if (!plan.outlook || plan.outlook->prices.size() == devices_.size()) return;
  plan.outlook = nullptr;
  plan.outlook_made_at = 0;
  plan.optimized = false;
  plan.trial = {};
}

// None of its tasks is ready.
void Executor::drop_outlook(RunState& run) {
  if (!run.outlook) return;
  run.outlook = nullptr;
  for (TaskState& task : run.tasks) task.assigned = {};
  outlooks_under_way_ -= 1;
  area_left_ = std::max(0.0, area_left_ - std::exchange(run.area_left, 0.0));
}

// The plan's; beside runs of other plans at the prices of them all.
void Executor::take_outlook(RunState& run) {
  PlanState& plan = *run.plan;
  drop_if_outdated(plan);
  run.outlook = plan.outlook;
  if (!run.outlook) return;
  lanes_of_.assign(devices_.size(), 0);
  for (const LaneView& lane : view_->lanes())
    if (lane.open) lanes_of_[lane.device.value] += 1;
  mix_.arrive(run.outlook->work, run.outlook->prices, lanes_of_);
  if (outlooks_under_way_ >= plan.counts_in->active_runs)
    run.outlook =
        std::make_shared<const Outlook>(at_prices(*run.outlook, mix_.by_device(), lanes_of_));
  outlooks_under_way_ += 1;
  run.area_left = run.area_undone = run.outlook->area_nanos;
  area_left_ += run.area_left;
}

// A task that is taken is no longer left; one that is ready again is.
void Executor::count_area(RunState& run, TaskIndex task, bool taken) {
  TaskState& state = run.tasks[task.value];
  if (!run.outlook || std::exchange(state.counted_off, taken) == taken) return;
  const double area =
      area_of(task, PlannedCosts{*run.plan, memo_, devices_.size()}, run.outlook->prices);
  run.area_left += taken ? -area : area;
  area_left_ += taken ? -area : area;
}

}  // namespace troika
