// Failures: who runs again, who is given up, what a lost device takes with it.
#include <algorithm>

#include "runtime/exec/executor.h"
#include "runtime/exec/graveyard.h"
#include "runtime/exec/lane_execution.h"

namespace troika {

void Executor::attempt_failed(RunState& run, TaskIndex task, Lane& on, const Status& status) {
  TaskState& state = run.tasks[task.value];
  counters_.attempts_failed += 1;
  state.cause = at_device(on.device, status);
  state.stage = TaskState::Stage::failed;
  state.attempts += 1;
  state.tried |= bit(on.device);
  fail_writes(run, task, half_written(*run.plan, task, state.cause));
  doom_followers(run, task);
  const QueueState& from = queue(on.queue);
  const std::uint64_t until = from.in_flight.empty() ? 0 : from.in_flight.back().value;
  on.recovering.push_back({&run, task, from.id, until});
}

Status Executor::half_written(const PlanState& plan, TaskIndex task, const Status& cause) {
  return {Code::data_lost,
          plan.graph->name_of(task) + " failed while writing it: " + cause.to_string()};
}

// Successors already in the queue have run, or will run, on what the failed task left behind.
void Executor::doom_followers(RunState& run, TaskIndex task) {
  std::vector<Placed> pending{{&run, task}};
  while (!pending.empty()) {
    const Placed failed = pending.back();
    pending.pop_back();
    each_successor(*failed.run, failed.task, [&](RunState& later, TaskIndex successor) {
      TaskState& next = later.tasks[successor.value];
      if (next.stage == TaskState::Stage::issued && !next.doomed) {
        next.doomed = true;
        leave_flight(later, successor);
        next.holds_followers = true;
        pending.push_back({&later, successor});
      } else if (next.stage == TaskState::Stage::ready || next.stage == TaskState::Stage::placed) {
        consider(later, successor);
      }
    });
  }
}

void Executor::decide_after_failure(RunState& run, TaskIndex task, DeviceId device) {
  TaskState& state = run.tasks[task.value];
  if (run.cancelled) return end_without_running(run, task, run.outcome);
  const TaskOptions& options = run.plan->graph->options(task);
  const PlanState::OperationOn& operation = run.plan->operation(task);
  const bool may = options.idempotent.value_or(operation.rerunnable(device)) &&
                   state.attempts <= options.retries && able_now(run, task) != 0;
  bool intact = true;
  for (const Arg& arg : run.args(task))
    if (arg.is_buffer && reads(arg.access))
      intact = intact && run.buffers[arg.slot]->coherence.readable(arg.region).ok();
  if (!may || !intact) return give_up(run, task, state.cause);
  state.cause = {};
  state.stage = TaskState::Stage::waiting;
  consider(run, task);
}

// The task has failed for good; it is in no set, lane or queue.
void Executor::give_up(RunState& run, TaskIndex task, const Status& why) {
  const Status cause = why.within(run.plan->graph->name_of(task));
  if (run.outcome.ok()) run.outcome = cause;
  counters_.tasks_failed += 1;
  end(run, task, TaskState::End::failed);
  poison_successors(run, task, cause);
}

// Everything of the run that depends on the task ends with the same cause.
void Executor::poison_successors(RunState& run, TaskIndex task, const Status& cause) {
  std::vector<TaskIndex> pending{task};
  while (!pending.empty()) {
    const TaskIndex from = pending.back();
    pending.pop_back();
    for (const std::uint32_t index : run.plan->graph->successors(from)) {
      TaskState& next = run.tasks[index];
      if (next.poisoned || next.stage >= TaskState::Stage::ending) continue;
      next.poisoned = true;
      next.cause = cause;
      pending.push_back(TaskIndex{index});
      if (!detach(run, TaskIndex{index})) continue;
      counters_.tasks_poisoned += 1;
      end(run, TaskIndex{index}, TaskState::End::poisoned);
    }
  }
}

// Out of whatever set or lane it is in, so that it can end. False while a queue still has it.
bool Executor::detach(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  switch (state.stage) {
    case TaskState::Stage::waiting: return true;
    case TaskState::Stage::ready: withdraw(run, task); return true;
    case TaskState::Stage::placed: unplace(lane(state.lane), run, task); return true;
    default: return false;
  }
}

void Executor::end_without_running(RunState& run, TaskIndex task, const Status& cause) {
  if (run.cancelled) {
    counters_.tasks_cancelled += 1;
    return end(run, task, TaskState::End::cancelled);
  }
  counters_.tasks_poisoned += 1;
  end(run, task, TaskState::End::poisoned);
  poison_successors(run, task, cause);
}

// Out of the lane, its reservation given back.
void Executor::unplace(Lane& on, RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  std::erase_if(on.placed, [&](const Placed& p) { return p.run == &run && p.task == task; });
  on.placed_work -= state.predicted;
  if (state.explores) exploring_[run.plan->kind(task).cost.kernel.value][on.device.value] -= 1;
  state.explores = false;
  state.stage = TaskState::Stage::waiting;
  release_holds(run, task, on.space);
}

void Executor::take_back(Lane& on, RunState& run, TaskIndex task) {
  unplace(on, run, task);
  consider(run, task);
}

void Executor::cancel_children(const RunState& run, TaskIndex task) {
  const auto child_of = [&](const std::shared_ptr<RunState>& child) {
    return child && child->parent == &run && (!task || child->parent_task == task);
  };
  for (std::size_t i = 0; i < runs_.size(); ++i)
    if (child_of(runs_[i])) cancel_now(*std::shared_ptr<RunState>{runs_[i]});
  for (std::size_t i = waiting_runs_.size(); i-- > 0;)
    if (i < waiting_runs_.size() && child_of(waiting_runs_[i]))
      cancel_now(*std::shared_ptr<RunState>{waiting_runs_[i]});
}

// Its kernels may have seen that the run is to be cancelled before the strand was told so: what
// returned early for that reason must not end as done.
void Executor::heed_cancel(RunState& run) {
  if (run.cancel_requested.load(std::memory_order_relaxed)) cancel_now(run);
}

void Executor::cancel_now(RunState& run) {
  if (run.complete || run.cancelled) return;
  if (run.outcome.ok()) run.outcome = {Code::cancelled, "the run was cancelled"};
  run.cancelled = true;
  // For its kernels to see, whoever cancelled it: the user, the runtime's end, a parent task.
  run.cancel_requested.store(true, std::memory_order_relaxed);
  if (!run.admitted) {
    const auto found = std::find_if(waiting_runs_.begin(), waiting_runs_.end(),
                                    [&](const auto& r) { return r.get() == &run; });
    if (found == waiting_runs_.end()) return;
    run.finished = now_;
    run.complete = true;
    end_promise(run);
    completed_.push_back(*found);
    waiting_runs_.erase(found);
    if (run.parent != nullptr) child_over(run);
    return;
  }
  const std::shared_ptr<RunState> alive = runs_[run.slot];
  cancel_children(run, TaskIndex{});
  if (run.lane) run.lane->cancel();
  for (std::uint32_t i = 0; i < run.tasks.size(); ++i) {
    if (!detach(run, TaskIndex{i})) continue;
    counters_.tasks_cancelled += run.lane ? run.lane->plan()->size() : 1;
    end(run, TaskIndex{i}, TaskState::End::cancelled);
  }
}

// Collected, because it is noticed in the middle of walking what losing a device changes.
void Executor::note_failure(DeviceId device, const Status& status, Gone gone) {
  failed_devices_.push_back({device, status, gone});
}

// A verb refused: as device_lost when the device is no longer there.
void Executor::note_refusal(DeviceId device, const Status& status) {
  note_failure(device, status, status.code() == Code::device_lost ? Gone::yes : Gone::maybe_not);
}

bool Executor::lose_what_failed() {
  if (failed_devices_.empty()) return false;
  const std::vector<FailedDevice> failed = std::move(failed_devices_);
  failed_devices_.clear();
  for (const FailedDevice& f : failed) lose_device(f.device, f.status, f.gone);
  return true;
}

void Executor::check_timeouts() {
  if (now_ < alarm_) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    QueueState& from = *queues_[i];
    if (from.abandoned || from.in_flight.empty()) continue;
    if (expiry(from) > now_) continue;
    const InFlight& head = from.in_flight.front();
    const bool is_kernel = head.kind == InFlight::Kind::task;
    const std::string what =
        is_kernel ? head.run->plan->graph->name_of(head.task) : std::string{"a transfer"};
    const Status cause{Code::timed_out, what + " did not end in time on " +
                                            devices_[from.device.value]->info().name};
    // A transfer that never ends is the device's doing: another lane would not do better.
    if (is_kernel && devices_[from.device.value]->info().lanes > 1)
      lose_lane(lane(from.lane), cause);
    else lose_device(from.device, cause, Gone::maybe_not);
  }
}

// When the head of a queue has taken too long. Counted from the moment its predecessors there and
// all it waits for were reached.
Nanos Executor::expiry(const QueueState& from) const {
  const InFlight& head = from.in_flight.front();
  Nanos limit = options_.transfer_timeout;
  if (head.kind == InFlight::Kind::task || head.kind == InFlight::Kind::acquire) {
    limit = head.run->plan->graph->options(head.task).timeout;
    if (limit == forever) return forever;
    const std::vector<CostKey>& warmed = warmed_[from.device.value];
    const CostKey& key = head.run->plan->kind(head.task).cost;
    if (std::find(warmed.begin(), warmed.end(), key) == warmed.end())
      limit += options_.first_run_allowance;
  }
  return std::max(head.enqueued, from.reached_at) + limit;
}

// Nothing more comes from the queue: what had not begun is taken back, the last first, so that each
// finds what it left; what had begun has failed, in order, and may go on unless the device is gone.
void Executor::close_queue(QueueState& from, const Status& cause, Gone gone) {
  if (from.abandoned) return;
  const Timepoint begun = from.queue->abandon();
  from.abandoned = true;
  from.told.clear();
  while (!from.in_flight.empty() && from.in_flight.back().value > begun.value) {
    const InFlight operation = std::move(from.in_flight.back());
    from.in_flight.pop_back();
    recall(from, operation, cause);
  }
  while (!from.in_flight.empty()) {
    const InFlight operation = std::move(from.in_flight.front());
    from.in_flight.pop_front();
    if (gone == Gone::maybe_not) quarantine(operation, from.device);
    retire(from, operation, cause, {});
  }
}

// It never began and never will.
void Executor::recall(QueueState& from, const InFlight& operation, const Status& cause) {
  if (operation.kind == InFlight::Kind::acquire)
    return operation.buffer->coherence.acquire_taken_back(operation.region, operation.to,
                                                          {from.id, operation.value});
  // Whoever needs those bytes asks again.
  if (operation.kind != InFlight::Kind::task) return retire(from, operation, cause, {});
  RunState& run = *operation.run;
  TaskState& state = run.tasks[operation.task.value];
  leave_queue(run, operation.task, lane(from.lane));
  for (const Arg& arg : run.args(operation.task))
    if (arg.is_buffer && writes(arg.access))
      run.buffers[arg.slot]->coherence.take_back(arg.region, cause);
  state.doomed = false;
  state.stage = TaskState::Stage::waiting;
  counters_.recalled += 1;
  recalled_.push_back({&run, operation.task});
}

void Executor::resume_recalled() {
  const std::vector<Placed> recalled = std::move(recalled_);
  recalled_.clear();
  for (const Placed& each : recalled)
    if (each.run->tasks[each.task.value].stage == TaskState::Stage::waiting)
      go_on(*each.run, each.task);
}

// The device may touch what the operation names for as long as it likes.
void Executor::quarantine(const InFlight& operation, DeviceId device) {
  const SpaceId space = devices_[device.value]->info().space;
  const auto add = [&](const std::shared_ptr<BufferState>& buffer, SpaceId touched) {
    if (std::none_of(tainted_.begin(), tainted_.end(),
                     [&](const Tainted& t) { return t.buffer == buffer && t.space == touched; }))
      tainted_.push_back({buffer, touched});
  };
  hung_devices_.fetch_or(bit(device), std::memory_order_relaxed);
  if (operation.run == nullptr) {
    // A copy reads one space and writes the other; a hand-over happens in `to`.
    if (operation.kind == InFlight::Kind::copy) add(operation.buffer, operation.from);
    add(operation.buffer, operation.to);
    return;
  }
  bury(std::shared_ptr<const void>{operation.run->shared_from_this()});
  for (const Arg& arg : operation.run->args(operation.task))
    if (arg.is_buffer) add(operation.run->buffers[arg.slot], space);
}

// Applied after every queue of the loss is closed, so that no operation still names the homes.
void Executor::seal_tainted(const Status& cause) {
  for (const Tainted& tainted : tainted_) {
    BufferState& buffer = *tainted.buffer;
    if (buffer.home(tainted.space) == nullptr) continue;
    if (buffer.adopted != nullptr && tainted.space == host_space) {
      buffer.dead = {Code::data_lost,
                     "memory given by the user that a lost device may still touch (" +
                         cause.to_string() + ")"};
      continue;
    }
    buffer.coherence.lose(tainted.space, cause);
    store_.seal(buffer, tainted.space);
  }
  // Whoever was placed on the strength of those homes reserves anew.
  const std::vector<Tainted> sealed = std::move(tainted_);
  tainted_.clear();
  for (Lane& on : lanes_) {
    for (std::size_t i = on.placed.size(); i-- > 0;) {
      if (i >= on.placed.size()) continue;
      RunState& run = *on.placed[i].run;
      const bool touched = std::any_of(run.buffers.begin(), run.buffers.end(), [&](const auto& b) {
        return std::any_of(sealed.begin(), sealed.end(),
                           [&](const Tainted& t) { return t.buffer == b; });
      });
      if (touched) take_back(on, run, on.placed[i].task);
    }
  }
  for (const Placed& access : accesses_) access.run->tasks[access.task.value].holds = false;
}

void Executor::lose_device(DeviceId device, const Status& status, Gone gone) {
  const DeviceMask open = open_devices_.load(std::memory_order_relaxed);
  if ((open & bit(device)) == 0) return;
  open_devices_.store(open & ~bit(device), std::memory_order_relaxed);
  counters_.devices_lost += 1;
  store_.avoid(device);
  const DeviceInfo& info = devices_[device.value]->info();
  const Status cause{status.code() == Code::timed_out ? Code::timed_out : Code::device_lost,
                     info.name + " is lost: " + std::string{status.message()}};
  if (tracing_.on()) tracing_.device_lost(info, cause, now_);
  for (Lane& on : lanes_)
    if (on.device == device) on.open = on.blocked = false;
  for (Lane& on : lanes_) {
    if (on.device != device) continue;
    while (!on.placed.empty()) take_back(on, *on.placed.back().run, on.placed.back().task);
    close_queue(queue(on.queue), cause, gone);
  }
  if (const QueueId copies = copy_queues_[device.value]) close_queue(queue(copies), cause, gone);
  seal_tainted(cause);

  const bool shared =
      info.space == host_space || std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& other) {
        return other.open && other.space == info.space;
      });
  if (!shared) store_.forget_freed(info.space);
  for (const auto& buffer : std::vector<std::shared_ptr<BufferState>>{buffers_}) {
    if (info.needs_hand_over) buffer->coherence.lose_agent(AgentMask{1} << device.value, cause);
    if (shared) {
      if (buffer->dead.ok()) store_.drop_handle(*buffer, info.space, device);
      continue;
    }
    const bool unused =
        all_reached([&](Frontier& users) { buffer->coherence.users(info.space, users); });
    buffer->coherence.lose(info.space, cause);
    if (unused) store_.evict(*buffer, info.space);
    else store_.seal(*buffer, info.space);
  }
  restage_all();
  resume_recalled();
  for (Lane& on : lanes_)
    if (on.device == device) drain_recoveries(on);
  reconsider_ready();
}

// One worker of several: it is replaced, within a limit.
void Executor::lose_lane(Lane& on, const Status& cause) {
  if (on.blocked) end_block(on);
  on.open = false;
  while (!on.placed.empty()) take_back(on, *on.placed.back().run, on.placed.back().task);
  close_queue(queue(on.queue), cause, Gone::maybe_not);
  seal_tainted(cause);
  if (lanes_replaced_ < options_.lane_replacements &&
      create_queue(on.device, QueueUse::compute, on.number, on.id, on.queue).ok()) {
    lanes_replaced_ += 1;
    on.open = true;
    on.issued = 0;
    on.issued_work = on.placed_work = Nanos{0};
  } else if (std::none_of(lanes_.begin(), lanes_.end(), [&](const Lane& other) {
               return other.open && other.device == on.device;
             })) {
    note_failure(on.device, cause, Gone::maybe_not);
  }
  resume_recalled();
  drain_recoveries(on);
  reconsider_ready();
}

void Executor::restage_all() {
  for (Lane& on : lanes_) {
    on.look = true;
    for (const Placed& placed : on.placed) placed.run->tasks[placed.task.value].staged = false;
  }
}

// A device went: tasks bound to its lanes look for another, and those that had only it give up.
std::vector<Placed> Executor::withdraw_ready() {
  std::vector<ReadyTask> all;
  const auto add = [&](const ReadySet& set) {
    all.insert(all.end(), set.tasks().begin(), set.tasks().end());
  };
  for (const ReadySet& set : ready_) add(set);
  for (const Lane& on : lanes_) add(on.bound);
  std::vector<Placed> withdrawn;
  for (const ReadyTask& task : all) {
    withdrawn.push_back({&run_at(task.key.run), TaskIndex{task.key.task}});
    withdraw(*withdrawn.back().run, withdrawn.back().task);
  }
  return withdrawn;
}

// To consider one may end others.
void Executor::reconsider(std::span<const Placed> withdrawn) {
  for (const Placed& each : withdrawn)
    if (each.run->tasks[each.task.value].stage == TaskState::Stage::waiting)
      consider(*each.run, each.task);
}

void Executor::dispose_of_released() {
  if (!dispose_due_) return;
  dispose_due_ = false;
  std::erase_if(buffers_, [&](const std::shared_ptr<BufferState>& buffer) {
    if (buffer->released && buffer->users == 0 && buffer->gone != nullptr) {
      // The user's pages are then no longer ours to have pinned.
      for (BufferState::Home& home : buffer->homes) home.pins.clear();
      buffer->gone->set();
      buffer->gone = nullptr;
    }
    if (buffer->users != 0 || buffer.use_count() != 1) {
      dispose_due_ = dispose_due_ || buffer->released;
      return false;
    }
    store_.free_all(*buffer);
    store_.forget(*buffer);
    return true;
  });
}

Status Executor::at_device(DeviceId device, const Status& status) const {
  return status.within("on " + devices_[device.value]->info().name);
}

}  // namespace troika
