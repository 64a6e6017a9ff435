#include "runtime/exec/executor.h"

#include <algorithm>

#include "runtime/exec/listener.h"
#include "runtime/exec/view.h"

namespace troika {

Executor::Executor(Environment& environment, const DeviceTable& table,
                   std::unique_ptr<Policy> policy, ExecutorOptions options)
    : environment_{environment},
      table_{table},
      options_{options},
      policy_{std::move(policy)},
      tracing_{options.trace},
      listener_{std::make_unique<Listener>(*this)},
      view_{std::make_unique<View>(*this)} {}

Executor::~Executor() {
  for (const auto& buffer : buffers_)
    if (!buffer->dead.ok()) store_.free_all(*buffer);
}

void Executor::post(Message message) {
  inbox_.push(std::move(message));
  strand_.notify();
}

void Executor::submit(std::shared_ptr<RunState> run) {
  inbox_.push(Submitted{std::move(run)});
  // A submitter runs one pass at most; what arrives meanwhile is somebody else's.
  if (strand_.notify_once()) {
    handed_over_.store(true, std::memory_order_release);
    environment_.call_soon();
  }
}

void Executor::cancel(std::shared_ptr<RunState> run) { post(CancelRequested{std::move(run)}); }

void Executor::release(std::shared_ptr<BufferState> buffer, std::shared_ptr<Event> gone) {
  post(BufferReleased{std::move(buffer), std::move(gone)});
}

void Executor::serve() noexcept {
  if (handed_over_.exchange(false, std::memory_order_acq_rel)) strand_.resume();
  else strand_.notify();
}

Counters Executor::counters() const {
  const std::scoped_lock lock{shared_};
  return counters_;
}

std::string Executor::costs() const {
  const std::scoped_lock lock{shared_};
  return model_.save();
}

RunLog::Snapshot Executor::traced_runs() const {
  const std::scoped_lock lock{shared_};
  return tracing_.runs().snapshot();
}

Executor::Gauges Executor::gauges() const {
  const std::scoped_lock lock{shared_};
  return {runs_.size() - free_run_slots_.size(), waiting_runs_.size(), store_.spaces()};
}

std::string Executor::unfinished() const {
  static constexpr const char* stages[] = {"waiting", "ready",   "placed", "issued",
                                           "failed",  "joining", "ending", "over"};
  const std::scoped_lock lock{shared_};
  std::string text = std::to_string(waiting_runs_.size()) + " runs wait for admission\n";
  for (const auto& run : runs_) {
    if (!run) continue;
    text +=
        "run " + std::to_string(run->id.value) + (run->is_access ? " (host access)" : "") + "\n";
    for (std::uint32_t t = 0; t < run->tasks.size(); ++t) {
      const TaskState& state = run->tasks[t];
      if (state.stage == TaskState::Stage::over) continue;
      text += "  " + run->plan->graph->name_of(TaskIndex{t}) + ": " +
              stages[static_cast<std::size_t>(state.stage)] + ", " +
              std::to_string(state.remaining) + " predecessors (" +
              std::to_string(state.in_flight) + " in flight)" + (state.staged ? ", staged" : "") +
              (state.doomed ? ", doomed" : "") + ", " + std::to_string(state.children) +
              " sub-graphs\n";
    }
  }
  for (const auto& queue : queues_)
    if (!queue->in_flight.empty())
      text += "queue " + std::to_string(queue->id.value) + " of " +
              devices_[queue->device.value]->info().name + ": " +
              std::to_string(queue->in_flight.size()) + " in flight" +
              (queue->abandoned ? ", abandoned" : "") + "\n";
  for (const Lane& lane : lanes_)
    text += "lane " + std::to_string(lane.id.value) + ": " + std::to_string(lane.placed.size()) +
            " placed, " + std::to_string(lane.issued) + " issued" + (lane.open ? "" : ", closed") +
            (lane.waits_for_room ? ", waits for room" : "") + "\n";
  return text;
}

void Executor::pass() noexcept {
  {
    const std::scoped_lock lock{shared_};
    now_ = environment_.now();
    inbox_.take(messages_);
    for (Message& message : messages_) {
      if (auto* submitted = std::get_if<Submitted>(&message)) accept(std::move(submitted->run));
      else if (auto* advanced = std::get_if<Advanced>(&message)) retire(std::move(*advanced));
      else if (auto* blocked = std::get_if<Blocked>(&message)) block_lane(*blocked);
      else if (auto* cancelled = std::get_if<CancelRequested>(&message))
        cancel_now(*cancelled->run);
      else if (auto* released = std::get_if<BufferReleased>(&message)) {
        released->buffer->released = true;
        released->buffer->gone = released->gone;
        watch(released->buffer);
        dispose_due_ = true;
      } else if (auto* over = std::get_if<LaneOver>(&message)) {
        lane_over(*over->run);
      } else if (auto* change = std::get_if<ServiceChange>(&message)) {
        change_service(*change);
      } else if (auto* pinned = std::get_if<PinAnswer>(&message)) {
        pin_answered(std::move(*pinned));
      } else if (auto* asked = std::get_if<QuietRequested>(&message)) {
        stopping_ = true;
        quiet_ = std::move(asked->quiet);
      }
    }
    messages_.clear();
    check_timeouts();
    do {
      for (bool progress = true; progress;) {
        progress = lose_what_failed();
        progress = finish_ended() || progress;
        progress = admit_waiting() || progress;
        progress = serve_accesses() || progress;
        progress = resume_parked() || progress;
        progress = fill() || progress;
        if (!departures_.empty()) serve_departures();
        progress = progress || !failed_devices_.empty();
      }
      flush();
    } while (force_a_task());
    dispose_of_released();
    if (quiet_ && !busy()) std::exchange(quiet_, nullptr)->set();
    set_alarm();
    counters_.quarantined_bytes = store_.quarantined_bytes();
    counters_.allocations = store_.counts().allocations;
    counters_.reuses = store_.counts().reuses;
  }
  // Outside the lock: a waiter may destroy its run as soon as it is told.
  for (const auto& run : completed_) tell(*run);
  completed_.clear();
}

bool Executor::fill() {
  bool progress = false;
  view_->refresh();
  // The host's lanes last: what is left of other devices' they may help with.
  for (auto lane = lanes_.rbegin(); lane != lanes_.rend(); ++lane)
    if (lane->open && !(ready_sets_.empty() && lane->bound.empty())) progress |= fill(*lane);
  for (Lane& lane : lanes_)
    if (lane.open && lane.look) progress |= issue_placed(lane);
  return progress;
}

Nanos Executor::horizon(const Lane& lane) const noexcept {
  return std::max(options_.horizon_min, 2 * lane.latency);
}

bool Executor::has_room(const Lane& lane) const {
  const std::size_t bound = lane.placed.size() + lane.issued;
  if (bound <= options_.ahead) return true;
  return bound < options_.queue_tasks_max && lane.placed_work + lane.issued_work < horizon(lane);
}

bool Executor::fill(Lane& lane) {
  bool progress = false;
  while (has_room(lane) && !lane.waits_for_room) {
    const std::optional<ReadyTask> next = policy_->next(lane.id, *view_);
    if (!next) break;
    decisions_ += 1;
    progress |= place(run_at(next->key.run), TaskIndex{next->key.task}, lane);
    view_->refresh();
  }
  return progress;
}

// Samples that tell how long a task of the run takes. Those seen while memory was touched for the
// first time count as one in a run whose memory has been touched.
unsigned Executor::samples_for(bool touches_first, const Estimate& estimate) noexcept {
  if (touches_first) return estimate.kernel_samples;
  return std::max(estimate.lasting_samples, std::min(1U, estimate.kernel_samples));
}

// From the ready set to the lane: the whole footprint or nothing.
bool Executor::place(RunState& run, TaskIndex task, Lane& lane) {
  TaskState& state = run.tasks[task.value];
  const PlanState::Kind& kind = run.plan->kind(task);
  unready(run, task);
  // What waits in a full space keeps out what is needed sooner.
  const bool may_evict = lane.placed.size() + lane.issued <= options_.ahead_in_full_space;
  switch (reserve(run, task, lane.space, may_evict)) {
    case Store::Answer::reserved: break;
    case Store::Answer::wait:
      make_ready(run, task);
      wait_for_room(lane);
      return false;
    case Store::Answer::wait_for_tenant: park(run, task); return false;
    case Store::Answer::impossible:
      state.unfit |= bit(lane.device);
      make_ready(run, task);
      return true;
  }
  const Estimate& estimate = memo_.at(kind.memo, lane.device);
  state.stage = TaskState::Stage::placed;
  state.placed_at = now_;
  state.lane = lane.id;
  state.staged = false;
  state.predicted = estimate.time;
  count_area(run, task, true);
  state.explores = samples_for(run.touches_first, estimate) < explore_samples;
  if (tracing_.full()) trace_placement(run, task, lane);
  if (state.explores) exploring_[kind.cost.kernel.value][lane.device.value] += 1;
  lane.placed.push_back({&run, task});
  lane.placed_work += state.predicted;
  lane.look = true;
  stage_placed(run, task, lane);
  return true;
}

bool Executor::issue_placed(Lane& lane) {
  bool progress = false;
  lane.look = false;
  for (std::size_t i = 0; i < lane.placed.size();) {
    RunState& run = *lane.placed[i].run;
    const TaskIndex task = lane.placed[i].task;
    if (!run.tasks[task.value].staged) progress |= stage_placed(run, task, lane);
    // Staging may have ended the task, or taken the lane away.
    if (i >= lane.placed.size() || lane.placed[i].run != &run || lane.placed[i].task != task)
      continue;
    if (!has_room_in_queue(lane)) {
      // Looked at again when something leaves the queue.
      lane.look = lane.look || !run.tasks[task.value].staged;
      ++i;
      continue;
    }
    if (!issuable(run, task, lane)) {
      lane.look = true;
      ++i;
      continue;
    }
    const Status status = issue(lane, i);
    if (status.ok()) {
      progress = true;
      continue;
    }
    lane.look = true;
    // The device's ring is full: it will advance.
    if (status.code() != Code::exhausted) note_refusal(lane.device, status);
    break;
  }
  return progress;
}

bool Executor::has_room_in_queue(const Lane& lane) const {
  return lane.issued == 0 ||
         (lane.issued < options_.queue_tasks_max && lane.issued_work < horizon(lane));
}

bool Executor::issuable(const RunState& run, TaskIndex task, const Lane& lane) {
  const TaskState& state = run.tasks[task.value];
  if (!state.staged || state.remaining != state.in_flight) return false;
  if (state.remaining != 0 && (state.mixed || state.flight_lane != lane.id)) return false;
  // What a task submits cannot be undone, so it starts only when nothing can undo the task.
  if (state.remaining != 0 && run.plan->operation(task).spawns(lane.device)) return false;
  waits_.clear();
  for (const Arg& arg : run.args(task))
    if (arg.is_buffer)
      run.buffers[arg.slot]->coherence.waits({arg.region, arg.access, lane.space, lane.agent, 0},
                                             waits_);
  bool all = true;
  waits_.for_each([&](Timepoint point) {
    if (!reached(point, &run) && queue(point.queue).device != lane.device) all = false;
  });
  return all;
}

// issuable() held of the placed task: nothing here can park.
Status Executor::issue(Lane& lane, std::size_t placed) {
  RunState& run = *lane.placed[placed].run;
  const TaskIndex task = lane.placed[placed].task;
  TaskState& state = run.tasks[task.value];
  QueueState& into = queue(lane.queue);
  const DeviceId device = lane.device;
  TROIKA_TRY(acquire(run, task, lane));
  waits_.clear();
  launch_args_.clear();
  for (const Arg& arg : run.args(task)) {
    KernelArg launched;
    if (arg.is_buffer) {
      BufferState& buffer = *run.buffers[arg.slot];
      buffer.coherence.waits({arg.region, arg.access, lane.space, lane.agent, 0}, waits_);
      TROIKA_ASSIGN(launched.span, span_of(buffer, arg.region, lane.space, device));
    } else {
      launched.scalar = arg.scalar;
    }
    launch_args_.push_back(launched);
  }
  TROIKA_ASSIGN(std::vector<Timepoint> behind, wait_within(into, waits_, &run));
  const PlanState::Kind& kind = run.plan->kind(task);
  const PlanState::OperationOn& operation = run.plan->operations[kind.operation];
  TROIKA_ASSIGN(const Timepoint done,
                into.queue->launch({operation.loaded[device.value], launch_args_, kind.shape,
                                    run.contexts.empty() ? nullptr : &run.contexts[task.value]}));
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer) continue;
    Coherence& coherence = run.buffers[arg.slot]->coherence;
    if (reads(arg.access)) coherence.begin_read(arg.region, lane.space, done);
  }
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer || !writes(arg.access)) continue;
    run.buffers[arg.slot]->coherence.begin_write(arg.region, lane.space, lane.agent, done);
  }
  lane.placed.erase(lane.placed.begin() + static_cast<std::ptrdiff_t>(placed));
  lane.placed_work -= state.predicted;
  if (lane.issued == 0) lane.busy_since = now_;
  lane.issued += 1;
  lane.issued_work += state.predicted;
  state.stage = TaskState::Stage::issued;
  state.done = done;
  if (tracing_.full()) tracing_.issued(run, task, into, now_);
  InFlight launched;
  launched.kind = InFlight::Kind::task;
  launched.value = done.value;
  launched.run = &run;
  launched.task = task;
  launched.behind = std::move(behind);
  note(into, std::move(launched));
  if (operation.takes_followers(device)) release_followers(run, task, lane.id);
  else state.holds_followers = true;
  return {};
}

void Executor::release_followers(RunState& run, TaskIndex task, LaneId lane_id) {
  each_successor(run, task, [&](RunState& later, TaskIndex successor) {
    TaskState& state = later.tasks[successor.value];
    if (state.in_flight == 0) {
      state.flight_lane = lane_id;
      state.mixed = false;
    } else if (state.flight_lane != lane_id) {
      state.mixed = true;
    }
    state.in_flight += 1;
    consider(later, successor);
  });
}

void Executor::note(QueueState& into, InFlight operation) {
  operation.enqueued = now_;
  into.in_flight.push_back(std::move(operation));
  if (into.in_flight.size() == 1) heed_expiry(into);
  if (!std::exchange(into.unflushed, true)) unflushed_.push_back(&into);
}

void Executor::flush() {
  for (QueueState* const state : unflushed_) {
    state->unflushed = false;
    if (state->abandoned) continue;
    if (const Status status = state->queue->flush(); !status.ok())
      note_refusal(state->device, status);
  }
  unflushed_.clear();
}

bool Executor::busy() const {
  return pins_asked_ != 0 || std::any_of(queues_.begin(), queues_.end(),
                                         [](const auto& q) { return !q->in_flight.empty(); });
}

// Idling is the policy's right as long as something is under way; when nothing is, something must
// start. True when it acted.
bool Executor::force_a_task() {
  if (works() ||
      std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& l) { return !l.placed.empty(); }))
    return false;
  room_given_back();
  resume_parked();
  for (Lane& lane : lanes_) {
    if (!lane.bound.empty() && view_->able(lane.bound.best(), lane.id))
      return force(lane.bound.best(), lane);
    for (const ReadySetId set : ready_sets_)
      for (const ReadyTask& task : ready_[set.value].tasks())
        if (view_->able(task, lane.id)) return force(task, lane);
  }
  return false;
}

bool Executor::force(const ReadyTask& task, Lane& lane) {
  RunState& run = run_at(task.key.run);
  const TaskIndex index{task.key.task};
  policy_->on_withdrawn(ReadyTask{task});
  if (!place(run, index, lane)) {
    // The space is empty but for what cannot be moved away.
    withdraw(run, index);
    give_up(run, index,
            {Code::out_of_memory,
             "no room in the memory of " + devices_[lane.device.value]->info().name + ": " +
                 std::to_string(store_.used(lane.space)) + " of " +
                 std::to_string(store_.budget(lane.space)) + " bytes in use" +
                 limit_text(run.plan->graph->options(index).tenant, lane.device)});
  }
  return true;
}

bool Executor::reached(Timepoint point, const RunState* on_behalf) const {
  if (point.trivial()) return true;
  const QueueState& state = queue(point.queue);
  if (state.abandoned || state.reached >= point.value) return true;
  if (point.value > state.blocked.at.value && point.value <= state.blocked.last) return true;
  // A sub-graph's tasks run within their parent: they do not wait for it.
  for (; on_behalf != nullptr && on_behalf->parent != nullptr; on_behalf = on_behalf->parent)
    if (on_behalf->parent->tasks[on_behalf->parent_task.value].done == point) return true;
  return false;
}

// Off the strand's state: whoever waits for the run may go on.
void Executor::tell(RunState& run) {
  run.done.set();
  if (run.completion == nullptr) return;
  WorkerPool& workers = *options_.workers;
  if (!workers.defer(*run.completion)) workers.enqueue(*run.completion);
}

void Executor::stop() noexcept {
  // Copies may outlive the tasks they were made for.
  const auto quiet = std::make_shared<Event>();
  post(QuietRequested{quiet});
  environment_.wait(*quiet, forever);
  environment_.detach();
  for (const auto& state : queues_)
    if (!state->abandoned) state->queue->abandon();
}

// Of a queue that has a new head.
void Executor::heed_expiry(const QueueState& from) {
  if (from.abandoned || from.in_flight.empty()) return;
  alarm_ = std::min(alarm_, expiry(from));
}

void Executor::set_alarm() {
  if (alarm_ <= now_) {
    alarm_ = forever;
    for (const auto& state : queues_) heed_expiry(*state);
  }
  if (alarm_ != forever) environment_.call_at(alarm_);
}

}  // namespace troika
