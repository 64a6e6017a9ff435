// One worker of the host lane: its deques, and the steps from which its life in the lane is made.
#pragma once

#include "runtime/exec/host_lane.h"
#include "runtime/exec/host_lane_deque.h"

namespace troika {

class LaneWorker {
 public:
  // Before any use.
  void attach(HostLane& lane, unsigned index) noexcept;

  // All on the worker's own thread.
  void enter() noexcept;
  LaneStep step() noexcept;

  // Between two steps: whether runs have ended here since it was last asked for, whose ends may
  // have deferred jobs; and runs these, with nothing in hand that only this worker could do.
  bool has_ended_runs() const noexcept { return ended_runs_; }
  void run_deferred() noexcept;

  // Between two steps: the link of the task that the next step runs first, or LaneLink::none.
  std::uint32_t in_hand() const noexcept {
    return state_ == State::running ? link_ : LaneLink::none;
  }

  // Any thread.
  Steal steal(unsigned c, LaneItem& item) noexcept { return deques_[c].steal(item); }
  bool has_items(std::uint64_t classes) const noexcept;

 private:
  enum class State : std::uint8_t {
    outside,
    seeking,   // between two pieces of work
    sweeping,  // through the other workers' deques
    running,   // link_ is to be run
    looking,   // has left, looks once more
  };

  // The steps.
  LaneStep seek() noexcept;
  LaneStep sweep() noexcept;
  LaneStep run_chain() noexcept;
  LaneStep look() noexcept;

  LaneStep end_sweep() noexcept;
  void next_victim() noexcept;
  LaneStep read_mail() noexcept;
  LaneStep take_own() noexcept;
  LaneStep idle() noexcept;
  LaneStep yield() noexcept;
  void take(const LaneItem& item) noexcept;
  // The link of the task to begin with; offers the rest of a range.
  std::uint32_t first_of(const LaneItem& item) noexcept;
  // Within a chain: the next own task of class `c` if it is of the same run, or LaneLink::none.
  std::uint32_t pop_same(LaneRun& run, unsigned c) noexcept;
  // Gives the task that a chain would go on with back to the deques; LaneLink::none.
  std::uint32_t break_off(LaneRun& run, std::uint32_t next) noexcept;

  // What follows a task that is over. Each returns the link of a successor to go on with, or
  // LaneLink::none, and puts the others into the deques without publishing them.
  std::uint32_t release(LaneRun& run, std::uint32_t task) noexcept;
  std::uint32_t release_tainted(LaneRun& run, std::uint32_t task) noexcept;
  // Of two links: puts the one of the lower class, or else the second, and returns the other.
  std::uint32_t put_lower(LaneRun& run, std::uint32_t a, std::uint32_t b) noexcept;

  // Of a task in a run that has trouble: true when it is not to be run.
  bool skip(LaneRun& run, std::uint32_t task) noexcept;
  // Of a task whose body has returned and which may go on elsewhere, after those that are noted:
  // Met::first when it is not over yet.
  LaneCount<>::Met meet(LaneRun& run, std::uint32_t task) noexcept;

  void put(unsigned c, const LaneItem& item) noexcept {
    deques_[c].put(item);
    unpublished_classes_ |= std::uint64_t{1} << c;
    ++unpublished_;
  }
  // Invites others for all but `own` pieces, which this worker will take itself.
  void publish(unsigned own = 0) noexcept;
  int highest_own() const noexcept;

  void open_burst(LaneRun& run, std::uint32_t task) noexcept;
  // `count` more tasks are over, `task` the last of them.
  void note(std::uint32_t task, std::uint32_t count) noexcept;
  void close_burst() noexcept;
  void settle(LaneRun& run, std::uint32_t count) noexcept;

  HostLane* lane_ = nullptr;
  unsigned index_ = 0;
  State state_ = State::outside;

  std::uint32_t link_ = 0;  // of burst_run_

  // Put and not yet published.
  std::uint64_t unpublished_classes_ = 0;
  unsigned unpublished_ = 0;

  // The burst underway, if there is one: its run cannot be over before it is closed.
  LaneRun* burst_run_ = nullptr;
  LaneBurst burst_{};
  std::uint32_t burst_over_ = 0;
  bool ended_runs_ = false;

  // The sweep underway.
  std::uint64_t sweep_classes_ = 0;
  unsigned sweep_victim_ = 0, sweep_left_ = 0;
  unsigned idle_rounds_ = 0;
  LaneWordView looked_{0};  // the word as it was on leaving

  LaneDeque<> deques_[lane_classes];
};

}  // namespace troika
