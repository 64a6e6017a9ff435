// Reserving a task's footprint and bringing its inputs.
#include <algorithm>
#include <limits>

#include "runtime/exec/executor.h"

namespace troika {

void Executor::footprint(const RunState& run, TaskIndex task,
                         std::vector<BufferState*>& buffers) const {
  buffers.clear();
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer) continue;
    BufferState* buffer = run.buffers[arg.slot].get();
    if (std::find(buffers.begin(), buffers.end(), buffer) == buffers.end())
      buffers.push_back(buffer);
  }
}

std::size_t Executor::footprint_bytes(const RunState& run, TaskIndex task) {
  footprint(run, task, footprint_);
  std::size_t bytes = 0;
  for (const BufferState* buffer : footprint_) bytes += buffer->bytes;
  return bytes;
}

Store::Answer Executor::reserve(RunState& run, TaskIndex task, SpaceId space, bool may_evict) {
  footprint(run, task, footprint_);
  for (;;) {
    const Store::Answer answer =
        store_.reserve(footprint_, space, run.plan->graph->options(task).tenant, shortage_);
    if (const auto lost = store_.take_lost()) note_refusal(lost->device, lost->status);
    if (answer != Store::Answer::wait && answer != Store::Answer::wait_for_tenant) return answer;
    if (!may_evict || !make_room(space)) return answer;
  }
}

void Executor::release_holds(RunState& run, TaskIndex task, SpaceId space) {
  footprint(run, task, footprint_);
  store_.release(footprint_, space);
  room_given_back();
}

void Executor::room_given_back() {
  room_came_back_ = true;
  if (!lanes_wait_for_room_) return;
  lanes_wait_for_room_ = false;
  for (Lane& lane : lanes_) lane.waits_for_room = false;
}

// Behind the limit of its tenant, where it holds up nobody else's task.
void Executor::park(RunState& run, TaskIndex task) {
  parked_.push_back({run.shared_from_this(), task});
}

// Something was given back, or may be: they try again.
bool Executor::resume_parked() {
  if (!std::exchange(room_came_back_, false)) return false;
  const std::vector<Parked> parked = std::exchange(parked_, {});
  for (const Parked& each : parked)
    if (each.run->tasks[each.task.value].stage == TaskState::Stage::waiting)
      consider(*each.run, each.task);
  return !parked.empty();
}

// Why the task fits none of the devices that could run it.
Status Executor::fits_nowhere(const RunState& run, TaskIndex task) {
  std::string why =
      "its " + std::to_string(footprint_bytes(run, task)) + " bytes fit the memory of no device";
  const TenantId tenant = run.plan->graph->options(task).tenant;
  for (std::uint32_t d = 0; d < devices_.size(); ++d)
    if ((run.tasks[task.value].unfit & bit(DeviceId{d})) != 0)
      why += limit_text(tenant, DeviceId{d});
  return {Code::out_of_memory, std::move(why)};
}

// Nothing where there is no limit.
std::string Executor::limit_text(TenantId tenant, DeviceId device) const {
  const DeviceInfo& info = devices_[device.value]->info();
  const std::size_t limit = store_.limit_of(tenant, info.space);
  if (limit == std::numeric_limits<std::size_t>::max()) return {};
  return "; tenant " + std::to_string(tenant.value) + " has a limit of " + std::to_string(limit) +
         " in that of " + info.name + " and uses " +
         std::to_string(store_.used_by(tenant, info.space));
}

void Executor::limit_tenant(TenantId tenant, SpaceId space, std::size_t bytes) {
  {
    const std::scoped_lock lock{shared_};
    store_.limit(tenant, space, bytes);
    room_given_back();
  }
  strand_.notify();
}

void Executor::wait_for_room(Lane& lane) {
  lane.waits_for_room = true;
  lanes_wait_for_room_ = true;
}

SpaceMask Executor::direct_into(SpaceId space) const {
  return space.value < direct_.size() ? direct_[space.value] : 0;
}

// Starts whatever can start of what the task still needs in `space`.
Executor::Staged Executor::stage(RunState& run, TaskIndex task, SpaceId space, AgentMask agent) {
  bool complete = true;
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer) continue;
    const Coherence::Want want{arg.region, arg.access, space, agent, direct_into(space)};
    const Staged staged = stage(*run.buffers[arg.slot], want);
    if (staged == Staged::impossible) return staged;
    complete = complete && staged == Staged::complete;
  }
  return complete ? Staged::complete : Staged::under_way;
}

Executor::Staged Executor::stage(BufferState& buffer, const Coherence::Want& want) {
  if (!buffer.dead.ok() || (reads(want.access) && !buffer.coherence.readable(want.region).ok()))
    return Staged::impossible;
  for (bool started = true; started;) {
    started = false;
    bool deferred = false;
    moves_.clear();
    buffer.coherence.missing(want, moves_);
    for (const Move& move : moves_) {
      if (move.kind == Move::Kind::acquire) continue;
      const bool begun = move.kind == Move::Kind::copy
                             ? start_copy(buffer, move.region, move.space, want.space)
                             : start_release(buffer, move);
      started = started || begun;
      deferred = deferred || !begun;
    }
    if (deferred) return Staged::under_way;
  }
  return Staged::complete;
}

bool Executor::stage_placed(RunState& run, TaskIndex task, Lane& lane) {
  TaskState& state = run.tasks[task.value];
  switch (stage(run, task, lane.space, lane.agent)) {
    case Staged::complete: state.staged = true; return true;
    case Staged::under_way: return false;
    case Staged::impossible:
      unplace(lane, run, task);
      give_up(run, task, unreadable(run, task));
      return true;
  }
  return false;
}

// The cause why a task's inputs cannot be had.
Status Executor::unreadable(RunState& run, TaskIndex task) {
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer) continue;
    const BufferState& buffer = *run.buffers[arg.slot];
    Status cause = buffer.dead;
    if (cause.ok() && reads(arg.access)) cause = buffer.coherence.readable(arg.region);
    if (cause.ok()) continue;
    counters_.reads_refused += 1;
    return {Code::data_lost, name_of(buffer) + ": " + std::string{cause.message()}};
  }
  return {Code::internal, "inputs refused without a cause"};
}

std::string Executor::name_of(const BufferState& buffer) {
  return buffer.id ? "buffer " + std::to_string(buffer.id.value) : std::string{"a scratch buffer"};
}

// The queue that can copy between two spaces: of a device at the target, else at the source.
QueueState* Executor::copier(SpaceId from, SpaceId to) {
  QueueState* found = nullptr;
  bool at_target = false;
  for (Lane& lane : lanes_) {
    if (!lane.open) continue;
    const DeviceInfo& info = devices_[lane.device.value]->info();
    // Devices within the host's memory see it in their own way: DMA is for those outside.
    if (info.space == host_space || (info.space != from && info.space != to)) continue;
    const bool can = std::any_of(info.links.begin(), info.links.end(), [&](const Link& link) {
      return link.from == from && link.to == to;
    });
    const bool better = found == nullptr || (info.space == to && !at_target);
    if (!can || !better) continue;
    at_target = info.space == to;
    const QueueId copies = copy_queues_[lane.device.value];
    found = &queue(copies ? copies : lane.queue);
  }
  return found;
}

// False when it cannot begin yet: a wait on another device, a full ring, or a way through the host.
bool Executor::start_copy(BufferState& buffer, const Region& region, SpaceId from, SpaceId to) {
  // A device that has just told that it is gone may be the source.
  if (!failed_devices_.empty()) return false;
  QueueState* via = copier(from, to);
  if (via == nullptr) {
    if (from != host_space && to != host_space &&
        store_.ensure(buffer, host_space, buffer.home(from)->tenant).ok() &&
        buffer.coherence.missing_bytes(region, Access::read, host_space) != 0)
      start_copy(buffer, region, from, host_space);
    return false;
  }
  Frontier before;
  buffer.coherence.waits_to_copy_from(region, from, before);
  buffer.coherence.waits_to_overwrite(region, to, before);
  if (!within(before, via->device)) return false;

  CopyOp op;
  InFlight copy;
  const auto start = [&]() -> Result<Timepoint> {
    TROIKA_ASSIGN(op.from, span_of(buffer, region, from, via->device));
    TROIKA_ASSIGN(op.to, span_of(buffer, region, to, via->device));
    TROIKA_ASSIGN(copy.behind, wait_within(*via, before, nullptr));
    return via->queue->copy(op);
  };
  const Result<Timepoint> done = start();
  if (!done.ok()) {
    if (done.status().code() != Code::exhausted) note_refusal(via->device, done.status());
    return false;
  }
  buffer.coherence.begin_copy(region, from, to, common_agent, *done);
  buffer.users += 1;
  copy.kind = InFlight::Kind::copy;
  copy.value = done->value;
  copy.buffer = buffer.shared_from_this();
  copy.region = region;
  copy.from = from;
  copy.to = to;
  const HostPagesAre pages = pages_of(buffer, via->device);
  copy.pinned = pages == HostPagesAre::pinned;
  copy.predicted = links_.predict(from, to, region.size(), pages);
  note(*via, std::move(copy));
  return true;
}

// The device that wrote the bytes hands them over towards the host.
bool Executor::start_release(BufferState& buffer, const Move& move) {
  const auto holder = std::find_if(lanes_.begin(), lanes_.end(),
                                   [&](const Lane& l) { return l.open && l.agent == move.holder; });
  if (holder == lanes_.end())
    return false;  // lost meanwhile: lose_agent() has dealt with the bytes
  QueueState& via = queue(holder->queue);
  Frontier before;
  if (move.will_write) buffer.coherence.waits_to_overwrite(move.region, move.space, before);
  else buffer.coherence.waits_to_copy_from(move.region, move.space, before);
  if (!within(before, via.device)) return false;
  InFlight release;
  const auto start = [&]() -> Result<Timepoint> {
    TROIKA_ASSIGN(const Span2D span, span_of(buffer, move.region, move.space, via.device));
    TROIKA_ASSIGN(release.behind, wait_within(via, before, nullptr));
    return via.queue->hand_over({span, Towards::host, move.will_write});
  };
  const Result<Timepoint> done = start();
  if (!done.ok()) {
    if (done.status().code() != Code::exhausted) note_refusal(via.device, done.status());
    return false;
  }
  buffer.coherence.released(move.region, move.space, move.holder, move.will_write, *done);
  if (done->trivial()) return true;
  counters_.hand_overs += 1;
  counters_.bytes_handed_over += move.region.size();
  buffer.users += 1;
  release.kind = InFlight::Kind::release;
  release.value = done->value;
  release.buffer = buffer.shared_from_this();
  release.region = move.region;
  release.to = move.space;
  note(via, std::move(release));
  return true;
}

// The lane's own device takes over, in the queue just before the launch, what others wrote.
Status Executor::acquire(RunState& run, TaskIndex task, Lane& lane) {
  if (lane.agent == common_agent) return {};
  QueueState& via = queue(lane.queue);
  for (const Arg& arg : run.args(task)) {
    if (!arg.is_buffer) continue;
    BufferState& buffer = *run.buffers[arg.slot];
    moves_.clear();
    buffer.coherence.missing({arg.region, arg.access, lane.space, lane.agent, 0}, moves_);
    for (const Move& move : moves_) {
      if (move.kind != Move::Kind::acquire) continue;
      TROIKA_ASSIGN(const Span2D span, span_of(buffer, move.region, lane.space, lane.device));
      TROIKA_ASSIGN(const Timepoint done,
                    via.queue->hand_over({span, Towards::device, move.will_write}));
      buffer.coherence.acquired(move.region, lane.space, lane.agent, move.will_write, done);
      if (done.trivial()) continue;
      counters_.hand_overs += 1;
      counters_.bytes_handed_over += move.region.size();
      InFlight taking;
      taking.kind = InFlight::Kind::acquire;
      taking.value = done.value;
      taking.run = &run;
      taking.task = task;
      taking.buffer = buffer.shared_from_this();
      taking.region = move.region;
      taking.to = lane.space;
      note(via, std::move(taking));
    }
  }
  return {};
}

// Whether every point is reached or belongs to `device`, which then waits by itself.
bool Executor::within(const Frontier& points, DeviceId device) const {
  bool all = true;
  points.for_each([&](Timepoint point) {
    all = all && (reached(point) || queue(point.queue).device == device);
  });
  return all;
}

// What the queue's next operation then waits for in other queues.
Result<std::vector<Timepoint>> Executor::wait_within(QueueState& into, const Frontier& points,
                                                     const RunState* run) {
  Status status;
  std::vector<Timepoint> behind;
  points.for_each([&](Timepoint point) {
    if (!status.ok() || point.queue == into.id || reached(point, run)) return;
    status = into.queue->wait_for(point);
    behind.push_back(point);
  });
  if (!status.ok()) return status;
  return behind;
}

Result<Span2D> Executor::span_of(BufferState& buffer, const Region& region, SpaceId space,
                                 DeviceId device) {
  const Allocation* allocation = buffer.home(space)->root.get();
  if (devices_[device.value]->info().space == space) {
    TROIKA_ASSIGN(allocation, store_.handle(buffer, space, device));
  }
  return Span2D{allocation, region.offset, region.row_bytes, region.rows, region.pitch};
}

// Host accesses are tasks that only want their bytes in the host's hands.
bool Executor::serve_accesses() {
  bool progress = false;
  for (std::size_t i = 0; i < accesses_.size();) {
    RunState& run = *accesses_[i].run;
    const TaskIndex task = accesses_[i].task;
    if (!serve_access(run, task)) {
      ++i;
      continue;
    }
    progress = true;  // and it has left the list
  }
  return progress;
}

bool Executor::serve_access(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  if (run.lane && !fits_host_lane(run)) {
    withdraw(run, task);
    run_by_tasks(run);
    return true;
  }
  // Held for good: what the user has seen stays where it is until the buffer is released.
  if (!state.holds) {
    const Store::Answer answer = reserve(run, task, host_space);
    if (answer == Store::Answer::wait || answer == Store::Answer::wait_for_tenant) return false;
    if (answer == Store::Answer::impossible) {
      withdraw(run, task);
      if (run.lane) {
        run_by_tasks(run);
        return true;
      }
      give_up(run, task,
              {Code::out_of_memory,
               std::to_string(footprint_bytes(run, task)) + " bytes do not fit the host's memory" +
                   limit_text(run.plan->graph->options(task).tenant, DeviceId{0})});
      return true;
    }
    state.holds = true;
  }
  const Staged staged = stage(run, task, host_space, common_agent);
  if (staged == Staged::impossible) {
    withdraw(run, task);
    give_up(run, task, unreadable(run, task));
    return true;
  }
  if (staged != Staged::complete) return false;
  const auto waits = [&](Frontier& into) {
    for (const Arg& arg : run.args(task))
      run.buffers[arg.slot]->coherence.waits({arg.region, arg.access, host_space, common_agent, 0},
                                             into);
  };
  if (!all_reached(waits, &run)) return false;
  withdraw(run, task);
  for (const Arg& arg : run.args(task))
    if (writes(arg.access))
      run.buffers[arg.slot]->coherence.begin_write(arg.region, host_space, common_agent, {});
  if (run.lane) {
    start_lease(run);
    return true;
  }
  for (const Arg& arg : run.args(task))
    if (writes(arg.access)) run.buffers[arg.slot]->coherence.commit(arg.region);
  finish(run, task, TaskState::End::done);
  return true;
}

// As serve_access(), for a buffer that no run and no operation uses, between two passes. What was
// submitted before is in the inbox, waits, or counts as a user. What this begins and does not see
// the end of is sent off by the pass that serves the run.
bool Executor::access_quiet(BufferState& buffer, const Region& region, Access mode) {
  const std::unique_lock lock{shared_, std::try_to_lock};
  if (!lock || !inbox_.empty() || !waiting_runs_.empty() || buffer.users != 0) return false;
  BufferState::Home* const home = buffer.home(host_space);
  if (home == nullptr || !region.within(buffer.bytes)) return false;
  now_ = environment_.now();
  Coherence& coherence = buffer.coherence;
  if (!coherence.takes(region.rows > 1 ? region.pitch : 0)) return false;
  coherence.refine(region);
  const Coherence::Want want{region, mode, host_space, common_agent, direct_into(host_space)};
  if (stage(buffer, want) != Staged::complete) return false;
  if (!all_reached([&](Frontier& into) { coherence.waits(want, into); })) return false;
  home->held += 1;
  if (writes(mode)) {
    coherence.begin_write(region, host_space, common_agent, {});
    coherence.commit(region);
  }
  return true;
}

}  // namespace troika
