// A policy that gives a task to a lane as soon as it is ready: a FIFO a lane behind next().
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "runtime/sched/policy.h"

namespace troika {

// Derived policies only choose. No task is stranded: those of a closed lane, and those that their
// lane cannot take any more, are given out anew; those that no lane can take at the moment wait for
// the first that can.
class PushPolicy : public Policy {
 public:
  void on_ready(const ReadyTask& task, const SchedView& view) final;
  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) final;
  void on_withdrawn(const ReadyTask& task) final;

 protected:
  // A lane that can_take() the task; none when there is none.
  virtual LaneId choose(const ReadyTask& task, const SchedView& view) = 0;

  static bool can_take(const ReadyTask& task, const LaneView& lane, const SchedView& view) {
    return lane.open && view.able(task, lane.id);
  }
  // The able lane for which `cost(lane)` is smallest, the first of equals; none when none is able.
  template <class Cost>
  static LaneId cheapest(const ReadyTask& task, const SchedView& view, Cost cost);

  // When the lane will have run what was placed there and what waits for it here.
  Nanos free_at(const LaneView& lane, const SchedView& view) const noexcept;
  // Tasks placed there and waiting for it here.
  std::size_t tasks_at(const LaneView& lane) const noexcept;

 private:
  struct KeyHash {
    std::size_t operator()(TaskKey key) const noexcept {
      return std::hash<std::uint64_t>{}(std::uint64_t{key.run} << 32 | key.task);
    }
  };
  // Where a task waits. An entry of a FIFO whose ticket is not its task's is stale: withdrawal need
  // not search.
  struct Waiting {
    std::uint64_t ticket;
    LaneId lane;  // none: for whichever lane can take it first
    Nanos work;   // predicted for that lane
  };
  struct Entry {
    ReadyTask task;
    std::uint64_t ticket;
  };
  struct Fifo {
    std::deque<Entry> entries;
    Nanos work{0};
    std::size_t tasks = 0;  // that are not stale
  };

  void assign(const ReadyTask& task, const SchedView& view);
  void forget(TaskKey key);
  void reassign_all(Fifo& fifo, const SchedView& view);
  std::optional<ReadyTask> take_able(Fifo& fifo, const LaneView& lane, const SchedView& view,
                                     std::size_t look);
  void drop_stale(Fifo& fifo);
  bool is_stale(const Entry& entry) const;
  Fifo& fifo_of(LaneId lane) { return lane ? fifos_[lane.value] : homeless_; }

  std::vector<Fifo> fifos_;  // by lane
  Fifo homeless_;            // able nowhere when they were assigned
  std::unordered_map<TaskKey, Waiting, KeyHash> waiting_;
  std::uint64_t tickets_ = 0;
};

template <class Cost>
LaneId PushPolicy::cheapest(const ReadyTask& task, const SchedView& view, Cost cost) {
  LaneId best;
  decltype(cost(view.lanes()[0])) least{};
  for (const LaneView& lane : view.lanes()) {
    if (!can_take(task, lane, view)) continue;
    const auto here = cost(lane);
    if (best && !(here < least)) continue;
    best = lane.id;
    least = here;
  }
  return best;
}

}  // namespace troika
