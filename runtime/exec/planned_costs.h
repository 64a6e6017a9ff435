// A plan's predicted costs, as ranks and forecasts ask for them.
#pragma once

#include "runtime/exec/plan_state.h"
#include "runtime/sched/cost_memo.h"
#include "runtime/sched/task_costs.h"

namespace troika {

class PlannedCosts final : public TaskCosts {
 public:
  // Of a plan that has been priced.
  PlannedCosts(const PlanState& plan, const CostMemo& memo, std::size_t devices) noexcept
      : plan_{plan}, memo_{memo}, devices_{devices} {}

  std::size_t devices() const noexcept override { return devices_; }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    const PlanState::Kind& kind = plan_.kind(task);
    if ((kind.able & bit(device)) == 0) return std::nullopt;
    return memo_.at(kind.memo, device).time;
  }
  CostKey key(TaskIndex task) const override { return plan_.kind(task).cost; }

 private:
  const PlanState& plan_;
  const CostMemo& memo_;
  std::size_t devices_;
};

}  // namespace troika
