// What was decided of a task, and what else could have been: for the trace.
#include <algorithm>

#include "runtime/exec/executor.h"
#include "runtime/exec/view.h"

namespace troika {

// Before the task counts as the lane's: what the policy saw when it chose.
void Executor::trace_placement(const RunState& run, TaskIndex task, const Lane& chosen) {
  const TaskState& state = run.tasks[task.value];
  const DeviceMask able = able_now(run, task);
  Why why = Why::policy;
  if (state.bound) why = Why::bound;
  else if (able == bit(chosen.device)) why = Why::only_device;
  else if (state.explores) why = Why::explores;
  tracing_.placed(run, task, queue(chosen.queue), why, now_);

  const ReadyTask ready = ready_task(run, task);
  for (std::uint32_t d = 0; d < devices_.size(); ++d) {
    const bool is_chosen = chosen.device == DeviceId{d};
    if (!is_chosen && (state.bound || (able & bit(DeviceId{d})) == 0)) continue;
    // The lane that was chosen speaks for its device; the one that is free first for another.
    const LaneView* best = nullptr;
    for (const LaneView& lane : view_->lanes()) {
      if (lane.device != DeviceId{d} || (is_chosen ? lane.id != chosen.id : !lane.open)) continue;
      if (best == nullptr || lane.free_at < best->free_at) best = &lane;
    }
    if (best == nullptr) continue;
    tracing_.candidate(run, task, queue(lane(best->id).queue), std::max(now_, best->free_at),
                       view_->predict(ready, best->id));
  }
}

}  // namespace troika
