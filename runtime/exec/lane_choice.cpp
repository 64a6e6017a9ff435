// Which way a run goes, to the host lane as a whole or to the strand task by task, and how it is
// expected to go there.
#include "runtime/exec/core.h"

namespace troika {
namespace {

// What other devices add in a forecast is more than any of what it leaves out may cost.
constexpr double certain_gain = 2;
// A forecast asks the policy for each task, on the thread that starts the run.
constexpr std::size_t forecast_tasks_max = 50'000;

}  // namespace

// Whether it is worth a plan's while to have both ways.
bool RuntimeCore::may_choose(const PlanState& plan) const noexcept {
  return leaves_to_host_lane_ && plan.size() <= forecast_tasks_max;
}

bool RuntimeCore::host_may_be_as_good(const PlanState& plan) const {
  const auto together = forecast(plan, ~DeviceMask{0}), alone = forecast(plan, bit(DeviceId{0}));
  return together.ok() && alone.ok() &&
         to_seconds(alone->makespan) < certain_gain * to_seconds(together->makespan);
}

// Of the next run. A full trace has the decisions of each task, which the lane does not take.
template <class Ask>
bool RuntimeCore::lane_takes(const PlanState& plan, Ask&& ask) const {
  const PlanState::LaneUse use = plan.lane_use.load();
  if (use != PlanState::LaneUse::as_found) return use == PlanState::LaneUse::always;
  if (executor_->trace().level() == TraceLevel::full) return false;
  return ask(plan.lane_choice, [&] { return host_may_be_as_good(plan); }) == LaneChoice::Way::lane;
}

bool RuntimeCore::goes_to_host_lane(const PlanState& plan) const {
  return lane_takes(
      plan, [](LaneChoice& choice, auto&& plausible) { return choice.next_run(plausible); });
}

Result<Forecast> RuntimeCore::forecast(const PlanState& plan, DeviceMask among) const {
  TROIKA_ASSIGN(const auto policy, make_policy(policy_, seed_));
  return executor_->predict(plan, *policy, among);
}

Result<Forecast> RuntimeCore::predict(const PlanState& plan) const {
  TROIKA_TRY(usable());
  const bool on_lane =
      lane_takes(plan, [](LaneChoice& choice, auto&& plausible) { return choice.peek(plausible); });
  if (!on_lane) return forecast(plan, ~DeviceMask{0});
  TROIKA_ASSIGN(Forecast result, forecast(plan, bit(DeviceId{0})));
  result.makespan = plan.lane_choice.took(LaneChoice::Way::lane).value_or(result.makespan);
  return result;
}

Result<bool> RuntimeCore::optimize(PlanState& plan, Nanos budget) {
  TROIKA_TRY(usable());
  take_in_new_devices(plan);
  if (plan.lane_use.load() == PlanState::LaneUse::always) return false;
  TROIKA_ASSIGN(const auto policy, make_policy(policy_, seed_));
  return executor_->optimize(plan, *policy, budget);
}

}  // namespace troika
