#include "runtime/sched/push_policy.h"

#include <algorithm>

namespace troika {
namespace {

// How many tasks of its own FIFO a lane is asked about before it looks elsewhere.
constexpr std::size_t own_look_max = 8;

}  // namespace

void PushPolicy::on_ready(const ReadyTask& task, const SchedView& view) {
  forget(task.key);
  assign(task, view);
}

std::optional<ReadyTask> PushPolicy::next(LaneId id, const SchedView& view) {
  fifos_.resize(std::max(fifos_.size(), view.lanes().size()));
  for (const LaneView& lane : view.lanes())
    if (!lane.open && fifos_[lane.id.value].tasks != 0) reassign_all(fifos_[lane.id.value], view);
  const LaneView& lane = view.lanes()[id.value];
  if (!lane.open) return std::nullopt;

  Fifo& own = fifos_[id.value];
  if (const auto task = take_able(own, lane, view, own_look_max)) return task;
  if (const auto task = take_able(homeless_, lane, view, homeless_.entries.size())) return task;
  // What waits here cannot run here: perhaps elsewhere. One at a time, to bound the decision.
  if (own.tasks != 0) {
    const ReadyTask stuck = own.entries.front().task;
    forget(stuck.key);
    own.entries.pop_front();
    assign(stuck, view);
  }
  return std::nullopt;
}

void PushPolicy::on_withdrawn(const ReadyTask& task) { forget(task.key); }

Nanos PushPolicy::free_at(const LaneView& lane, const SchedView& view) const noexcept {
  const Nanos waiting = lane.id.value < fifos_.size() ? fifos_[lane.id.value].work : Nanos{0};
  return std::max(view.now(), lane.free_at) + waiting;
}

std::size_t PushPolicy::tasks_at(const LaneView& lane) const noexcept {
  return lane.queued + (lane.id.value < fifos_.size() ? fifos_[lane.id.value].tasks : 0);
}

void PushPolicy::assign(const ReadyTask& task, const SchedView& view) {
  fifos_.resize(std::max(fifos_.size(), view.lanes().size()));
  const LaneId lane = choose(task, view);
  Nanos work{0};
  if (lane) {
    const Prediction prediction = view.predict(task, lane);
    work = prediction.transfer + prediction.execution;
  }
  Fifo& fifo = fifo_of(lane);
  fifo.entries.push_back({task, ++tickets_});
  fifo.work += work;
  fifo.tasks += 1;
  waiting_[task.key] = {tickets_, lane, work};
}

void PushPolicy::forget(TaskKey key) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  Fifo& fifo = fifo_of(found->second.lane);
  fifo.work -= found->second.work;
  fifo.tasks -= 1;
  waiting_.erase(found);
}

void PushPolicy::reassign_all(Fifo& fifo, const SchedView& view) {
  std::deque<Entry> entries;
  entries.swap(fifo.entries);
  for (const Entry& entry : entries) {
    if (is_stale(entry)) continue;
    forget(entry.task.key);
    assign(entry.task, view);
  }
}

std::optional<ReadyTask> PushPolicy::take_able(Fifo& fifo, const LaneView& lane,
                                               const SchedView& view, std::size_t look) {
  drop_stale(fifo);
  look = std::min(look, fifo.entries.size());
  for (std::size_t i = 0; i < look; ++i) {
    const Entry& entry = fifo.entries[i];
    if (is_stale(entry) || !can_take(entry.task, lane, view)) continue;
    const ReadyTask task = entry.task;
    forget(task.key);
    fifo.entries.erase(fifo.entries.begin() + static_cast<std::ptrdiff_t>(i));
    return task;
  }
  return std::nullopt;
}

void PushPolicy::drop_stale(Fifo& fifo) {
  while (!fifo.entries.empty() && is_stale(fifo.entries.front())) fifo.entries.pop_front();
}

bool PushPolicy::is_stale(const Entry& entry) const {
  const auto found = waiting_.find(entry.task.key);
  return found == waiting_.end() || found->second.ticket != entry.ticket;
}

}  // namespace troika
