// Runs of the host lane as the strand sees them: one task, whose buffers are leased until the
// lane's last task is over.
#include "runtime/exec/executor.h"
#include "runtime/exec/lane_execution.h"

namespace troika {

// The lane takes plans whose bytes lie in the host's memory already. To bring them there is for
// tasks, each of which knows what it needs.
bool Executor::fits_host_lane(const RunState& run) {
  const TaskGraph& graph = *run.lane->plan()->graph;
  for (const Arg& arg : run.args(TaskIndex{0})) {
    const BufferState& buffer = *run.buffers[arg.slot];
    if (!buffer.dead.ok() || !buffer.coherence.takes(graph.slot_pitch()[arg.slot]) ||
        !buffer.coherence.readable(arg.region).ok() ||
        buffer.coherence.missing_bytes(arg.region, arg.access, host_space) != 0)
      return false;
  }
  return true;
}

// Runs of the same plan over the strand, as all there is of the run's one task.
void Executor::run_by_tasks(RunState& run) {
  const TaskIndex whole{0};
  TaskState& state = run.tasks[whole.value];
  if (state.holds) release_holds(run, whole, host_space);
  state.holds = false;
  state.stage = TaskState::Stage::joining;
  counters_.leases_refused += 1;
  auto by_tasks = std::make_shared<RunState>();
  by_tasks->plan = run.lane->plan();
  by_tasks->buffers = run.buffers;
  by_tasks->own_args = std::move(run.lane_args);
  by_tasks->parent = &run;
  by_tasks->parent_task = whole;
  for (const TaskContext& context : run.contexts)
    by_tasks->contexts.push_back(context.of(*by_tasks));
  by_tasks->stands_in = true;
  run.lane = nullptr;
  run.by_tasks = by_tasks;
  accept(std::move(by_tasks));
}

// Every buffer is held in the host's hands.
void Executor::start_lease(RunState& run) {
  TaskState& whole = run.tasks.front();
  whole.stage = TaskState::Stage::issued;
  whole.holds_followers = true;
  counters_.leases += 1;
  run.lane->start(*this, run);
}

// Other devices may do what the host has failed to do.
void Executor::restart_by_tasks(RunState& run) {
  TaskState& whole = run.tasks.front();
  counters_.attempts_failed += run.lane->attempts_failed();
  whole.holds_followers = false;
  run.lane->put_back();
  tracing_.recorded_elsewhere(run.lane->events());
  run_by_tasks(run);
}

void Executor::lane_over(RunState& run) {
  heed_cancel(run);
  const TaskIndex whole{0};
  LaneExecution& lane = *run.lane;
  const PlanState& plan = *lane.plan();
  const TaskGraph& graph = *plan.graph;
  for (const Arg& arg : run.args(whole))
    if (writes(arg.access)) run.buffers[arg.slot]->coherence.commit(arg.region);
  if (!lane.failures().empty() && plan.lane_use.load() != PlanState::LaneUse::always &&
      plan.lane->restarts && !run.cancelled)
    return restart_by_tasks(run);
  // A host task writes in place, so nothing is left of what a failed one was to write.
  for (const LaneExecution::Failure& failure : lane.failures()) {
    const TaskIndex task{failure.task};
    const Status cause =
        failure.of_sub_graph ? failure.cause : at_device(DeviceId{0}, failure.cause);
    if (run.outcome.ok()) run.outcome = cause.within(graph.name_of(task));
    for (const Arg& arg : graph.args(task)) {
      if (!arg.is_buffer || !writes(arg.access)) continue;
      Coherence& coherence = run.buffers[arg.slot]->coherence;
      const std::size_t pitch = graph.slot_pitch()[arg.slot];
      const Region region = coherence.takes(pitch) ? arg.region : widened(arg.region, pitch);
      coherence.refine(region);
      coherence.poison(region,
                       failure.of_sub_graph ? cause : half_written(*lane.plan(), task, cause));
    }
  }
  const std::uint64_t failed = lane.failures().size(), skipped = lane.skipped().size();
  const std::uint64_t done = graph.size() - failed - skipped;
  counters_.attempts_failed += lane.attempts_failed();
  counters_.recovered += lane.recovered();
  counters_.tasks_failed += failed;
  (run.cancelled ? counters_.tasks_cancelled : counters_.tasks_poisoned) += skipped;
  counters_.tasks_done += done;
  counters_.tasks_by_device[0] += done;
  run.tasks_by_device[0] += done;
  release_holds(run, whole, host_space);
  run.tasks[whole.value].holds_followers = false;
  lane.put_back();
  tracing_.recorded_elsewhere(lane.events());
  finish(run, whole, failed == 0 && skipped == 0 ? TaskState::End::done : TaskState::End::failed);
}

}  // namespace troika
