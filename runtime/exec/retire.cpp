// What a queue's progress means for the tasks, copies and hand-overs that were in it.
#include <algorithm>

#include "runtime/exec/executor.h"
#include "runtime/exec/lane_execution.h"
#include "runtime/exec/planned_costs.h"

namespace troika {

// Reports of different queues may overtake one another, and what an operation waited for in another
// queue may have failed: until that is known, so is not how the operation ended.
void Executor::retire(Advanced&& advanced) {
  QueueState& told = queue(advanced.reached.queue);
  if (told.abandoned) return;
  if (advanced.lost) note_failure(told.device, advanced.status, Gone::yes);
  told.told.push_back(std::move(advanced));
  for (bool progress = retire_told(told); progress;) {
    progress = false;
    for (const auto& state : queues_)
      if (state->device == told.device && !state->told.empty())
        progress = retire_told(*state) || progress;
  }
}

// False when nothing of what the queue reported could be retired.
bool Executor::retire_told(QueueState& from) {
  const std::size_t reports = from.told.size(), operations = from.in_flight.size();
  while (!from.told.empty() && retire_up_to(from, from.told.front())) from.told.pop_front();
  return from.told.size() != reports || from.in_flight.size() != operations;
}

// False when an operation of the report has to wait for another queue's report.
bool Executor::retire_up_to(QueueState& from, const Advanced& advanced) {
  while (!from.in_flight.empty() && from.in_flight.front().value <= advanced.reached.value) {
    const std::vector<Timepoint>& behind = from.in_flight.front().behind;
    if (!std::all_of(behind.begin(), behind.end(), [&](Timepoint p) { return reached(p); }))
      return false;
    InFlight operation = std::move(from.in_flight.front());
    from.in_flight.pop_front();
    from.reached = operation.value;
    operation.told_alone =
        operation.value == advanced.reached.value && operation.value == from.told_of + 1;
    if (operation.value == from.blocked.at.value) {
      from.reached = from.blocked.last;
      if (lane(from.lane).blocked) end_block(lane(from.lane));
    }
    const bool last = operation.value == advanced.reached.value;
    const Status status = last ? advanced.status : Status{};
    retire(from, operation, status.ok() ? operation.spoiled : status, advanced.measured);
  }
  from.reached_at = now_;
  from.told_of = from.reached;
  heed_expiry(from);
  if (from.lane) drain_recoveries(lane(from.lane));
  room_given_back();
  return true;
}

void Executor::retire(QueueState& from, const InFlight& operation, const Status& status,
                      std::span<const Interval> measured) {
  const auto found = std::find_if(measured.begin(), measured.end(),
                                  [&](const Interval& i) { return i.value == operation.value; });
  const Interval* interval = found == measured.end() ? nullptr : &*found;
  if (tracing_.on()) tracing_.retired(from, operation, status, interval, now_);
  switch (operation.kind) {
    case InFlight::Kind::task:
      retire_task(*operation.run, operation.task, from, operation, status, interval);
      return;
    case InFlight::Kind::acquire:
      // The launch behind it has run on bytes it may not have seen.
      if (!status.ok()) operation.run->tasks[operation.task.value].cause = status;
      return;
    case InFlight::Kind::copy:
      operation.buffer->users -= 1;
      if (status.ok()) {
        from.copies_failed = 0;
        counters_.copies += 1;
        counters_.bytes_copied += operation.region.size();
        note_link(from, operation, interval);
        return;
      }
      operation.buffer->coherence.copy_failed(operation.region, operation.to,
                                              {from.id, operation.value});
      spoil_readers(operation, from.device, status);
      restage(*operation.buffer);
      // Whoever needs the bytes asks again; a device that fails at it time after time is given up.
      if (++from.copies_failed >= options_.copies_failed_max)
        note_failure(from.device, status, Gone::maybe_not);
      return;
    case InFlight::Kind::release:
      operation.buffer->users -= 1;
      if (status.ok()) return;
      operation.buffer->coherence.release_failed(operation.region, operation.to,
                                                 AgentMask{1} << from.device.value,
                                                 {from.id, operation.value});
      note_failure(from.device, status, Gone::maybe_not);
      return;
  }
}

// What was enqueued on the device behind a copy, to read what it was to bring, has read garbage.
void Executor::spoil_readers(const InFlight& failed, DeviceId device, const Status& status) {
  for (const auto& state : queues_) {
    if (state->device != device) continue;
    for (InFlight& later : state->in_flight) {
      if (later.kind == InFlight::Kind::copy) {
        if (later.buffer == failed.buffer && later.from == failed.to &&
            overlap(later.region, failed.region))
          later.spoiled = status;
      } else if (later.kind == InFlight::Kind::task) {
        const SpaceId space = devices_[device.value]->info().space;
        for (const Arg& arg : later.run->args(later.task))
          if (arg.is_buffer && space == failed.to &&
              later.run->buffers[arg.slot] == failed.buffer && overlap(arg.region, failed.region))
            spoil_task(later, status);
      }
    }
  }
}

// Nothing more is issued behind a task that is bound to fail, nor of what it submits meanwhile.
void Executor::spoil_task(InFlight& task, const Status& status) {
  task.spoiled = status;
  TaskState& state = task.run->tasks[task.task.value];
  state.spoiled = true;
  leave_flight(*task.run, task.task);
  state.holds_followers = true;
  doom_followers(*task.run, task.task);
  cancel_children(*task.run, task.task);
}

// Inputs that were on their way are not coming: tasks placed on the strength of it look again.
void Executor::restage(const BufferState& buffer) {
  for (Lane& lane : lanes_)
    for (const Placed& placed : lane.placed)
      for (const auto& bound : placed.run->buffers)
        if (bound.get() == &buffer) {
          placed.run->tasks[placed.task.value].staged = false;
          lane.look = true;
        }
}

void Executor::retire_task(RunState& run, TaskIndex task, QueueState& from,
                           const InFlight& operation, const Status& reported,
                           const Interval* measured) {
  TaskState& state = run.tasks[task.value];
  Lane& on = lane(from.lane);
  leave_queue(run, task, on);
  heed_cancel(run);
  if (state.doomed) return undo(run, task);
  const Status status = reported.ok() ? state.cause : reported;
  state.cause = {};
  if (state.children != 0) {
    state.stage = TaskState::Stage::joining;
    state.cause = status;
    // What its sub-graphs were to build on is damaged.
    if (!status.ok()) cancel_children(run, task);
    return;
  }
  if (!state.child_failure.ok())
    return join_failed(run, task, status.ok() ? state.child_failure : status);
  if (!status.ok()) return attempt_failed(run, task, on, status);
  observe(run, task, from, operation, measured);
  run.tasks_by_device[on.device.value] += 1;
  counters_.tasks_by_device[on.device.value] += 1;
  succeed(run, task);
}

// The lane has room again, and what the task held is given back.
void Executor::leave_queue(RunState& run, TaskIndex task, Lane& on) {
  TaskState& state = run.tasks[task.value];
  on.issued -= 1;
  on.look = true;
  on.issued_work -= state.predicted;
  on.busy_since = now_;
  state.spoiled = false;
  if (state.explores) exploring_[run.plan->kind(task).cost.kernel.value][on.device.value] -= 1;
  state.explores = false;
  leave_flight(run, task);
  release_holds(run, task, on.space);
}

void Executor::succeed(RunState& run, TaskIndex task) {
  for (const Arg& arg : run.args(task))
    if (arg.is_buffer && writes(arg.access)) run.buffers[arg.slot]->coherence.commit(arg.region);
  counters_.tasks_done += 1;
  if (run.tasks[task.value].attempts != 0) counters_.recovered += 1;
  finish(run, task, TaskState::End::done);
}

void Executor::fail_writes(RunState& run, TaskIndex task, const Status& cause) {
  for (const Arg& arg : run.args(task))
    if (arg.is_buffer && writes(arg.access))
      run.buffers[arg.slot]->coherence.fail(arg.region, cause);
}

// It ran behind a task that failed: whatever it reported, it did not happen.
void Executor::undo(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  fail_writes(run, task,
              {Code::data_lost, "a task it depends on failed while it was in the queue"});
  state.doomed = false;
  state.stage = TaskState::Stage::waiting;
  go_on(run, task);
}

// As if it had never been issued; unless its end was decided meanwhile.
void Executor::go_on(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  if (run.cancelled) return end_without_running(run, task, run.outcome);
  if (state.poisoned) return end_without_running(run, task, state.cause);
  state.cause = {};
  consider(run, task);
}

void Executor::observe(RunState& run, TaskIndex task, const QueueState& from,
                       const InFlight& operation, const Interval* measured) {
  const PlanState::Kind& kind = run.plan->kind(task);
  Lane& on = lane(from.lane);
  if (measured != nullptr) {
    const Nanos late = std::max(Nanos{0}, now_ - measured->end);
    on.latency = (7 * on.latency + late) / 8;
  }
  std::vector<CostKey>& warmed = warmed_[on.device.value];
  if (std::find(warmed.begin(), warmed.end(), kind.cost) == warmed.end()) {
    // A first run pays for compiling and loading: it teaches nothing.
    warmed.push_back(kind.cost);
    alarm_ = now_;  // others of its kind in flight have less time now
    if (!devices_[on.device.value]->info().simulated) return;
  }
  const Nanos began = std::max(operation.enqueued, from.reached_at);
  const Nanos took = measured != nullptr ? measured->end - measured->begin : now_ - began;
  // Memory is slow at its first touch, where the operating system supplies it then.
  const bool provisional = run.touches_first && !devices_[on.device.value]->info().simulated;
  observations_ += 1;
  model_.observe(kind.cost, kind.work, on.device, took, provisional);
  policy_->on_done(ready_task(run, task), on.id, took);
}

// The task no longer counts as in flight for its successors.
void Executor::leave_flight(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  if (state.holds_followers) {
    state.holds_followers = false;
    return;
  }
  each_successor(run, task, [&](RunState& later, TaskIndex successor) {
    TaskState& next = later.tasks[successor.value];
    next.in_flight -= 1;
    if (next.in_flight == 0) next.mixed = false;
  });
}

// The task is over, one way or another: it holds up nobody any more.
void Executor::finish(RunState& run, TaskIndex task, TaskState::End end) {
  TaskState& state = run.tasks[task.value];
  state.stage = TaskState::Stage::over;
  state.end = end;
  if (run.outlook && run.deadline != forever)
    run.area_undone -=
        area_of(task, PlannedCosts{*run.plan, memo_, devices_.size()}, run.outlook->prices);
  each_successor(run, task, [&](RunState& later, TaskIndex successor) {
    TaskState& next = later.tasks[successor.value];
    next.remaining -= 1;
    if (next.stage != TaskState::Stage::ending) consider(later, successor);
    else if (next.remaining == 0) ended_.push_back({&later, successor});
  });
  run.unfinished -= 1;
  if (run.unfinished == 0) complete(run);
}

// The task will not run. Its end is told when its predecessors are over, since later runs rely on
// it for their order against those too.
void Executor::end(RunState& run, TaskIndex task, TaskState::End how) {
  TaskState& state = run.tasks[task.value];
  state.stage = TaskState::Stage::ending;
  state.end = how;
  if (state.remaining == 0) ended_.push_back({&run, task});
}

// One after the other rather than each by the one before: chains can be long.
bool Executor::finish_ended() {
  const bool any = !ended_.empty();
  while (!ended_.empty()) {
    const Placed ended = ended_.back();
    ended_.pop_back();
    finish(*ended.run, ended.task, ended.run->tasks[ended.task.value].end);
  }
  return any;
}

void Executor::drain_recoveries(Lane& on) {
  const QueueState& from = queue(on.queue);
  for (std::size_t i = 0; i < on.recovering.size();) {
    const Recovery recovery = on.recovering[i];
    if (recovery.queue == from.id && !from.abandoned && from.reached < recovery.until) {
      ++i;
      continue;
    }
    on.recovering.erase(on.recovering.begin() + static_cast<std::ptrdiff_t>(i));
    decide_after_failure(*recovery.run, recovery.task, on.device);
  }
}

void Executor::child_over(const RunState& child) {
  RunState& parent = *child.parent;
  const TaskIndex task = child.parent_task;
  TaskState& state = parent.tasks[task.value];
  state.children -= 1;
  if (parent.lane) return parent.lane->child_over(child.spawner, child.outcome);
  if (child.stands_in) {
    if (parent.outcome.ok()) parent.outcome = child.outcome;
    parent.tasks_by_device = child.tasks_by_device;
    return finish(parent, task, child.outcome.ok() ? TaskState::End::done : TaskState::End::failed);
  }
  if (!child.outcome.ok() && state.child_failure.ok()) state.child_failure = child.outcome;
  if (state.stage != TaskState::Stage::joining || state.children != 0) return;
  const Status cause = state.cause.ok() ? state.child_failure : state.cause;
  if (cause.ok()) {
    parent.tasks_by_device[lane(state.lane).device.value] += 1;
    counters_.tasks_by_device[lane(state.lane).device.value] += 1;
    return succeed(parent, task);
  }
  join_failed(parent, task, cause);
}

void Executor::join_failed(RunState& parent, TaskIndex task, const Status& cause) {
  // Sub-graphs may have committed some of what the task owns, so no earlier version is whole.
  fail_writes(parent, task, cause);
  for (const Arg& arg : parent.args(task))
    if (arg.is_buffer && writes(arg.access))
      parent.buffers[arg.slot]->coherence.poison(arg.region, cause);
  give_up(parent, task, cause);
}

}  // namespace troika
