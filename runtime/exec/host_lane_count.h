// What a task of a run still waits for: its predecessors, or its own completion from elsewhere.
//
// The count sets itself back when it is used up, so that a replay finds it ready.
#pragma once

#include <cstdint>

#include "runtime/exec/host_lane_atomics.h"

namespace troika {

template <class Atomics = StdAtomics>
class LaneCount {
 public:
  enum class Met : std::uint8_t { first, done, failed };

  LaneCount() = default;

  // Before any run.
  void set_predecessors(std::uint32_t count) noexcept {
    word_.store(at_rest(std::uint64_t{count} << 32), std::memory_order_relaxed);
  }

  // A predecessor is over. True for the last one: the task is ready, and what all predecessors
  // wrote is visible to the caller.
  bool arrive() noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    // Nobody else will touch the count of a task that waits for one more: no need to synchronise.
    if (left(word) != 1) {
      word = word_.fetch_sub(1, std::memory_order_acq_rel);
      if (left(word) != 1) return false;
    }
    word_.store(at_rest(word) | (word & poison), std::memory_order_relaxed);
    return true;
  }

  // Before the arrival of a predecessor that failed or was skipped.
  void taint() noexcept { word_.fetch_or(poison, std::memory_order_relaxed); }

  // Of a ready task, by the worker that holds it: whether a predecessor failed. Forgets it.
  bool take_taint() noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & poison) == 0) return false;
    word_.store(word & ~poison, std::memory_order_relaxed);
    return true;
  }

  // A task that completes later is over when its body has returned and its completion was reported,
  // in either order. `first` to whoever comes first; the other learns how the task ended.
  Met meet(bool failed) noexcept {
    const std::uint64_t rest = word_.load(std::memory_order_relaxed) & ~low;
    const std::uint64_t before =
        word_.exchange(rest | (failed ? met_failed : met_done), std::memory_order_acq_rel);
    const std::uint64_t mark = before & low;
    if (mark != met_done && mark != met_failed) return Met::first;
    word_.store(at_rest(rest), std::memory_order_relaxed);
    return failed || mark == met_failed ? Met::failed : Met::done;
  }

  // While the task's completion lies in a mailbox the count holds the link to the next one.
  void set_link(std::uint32_t link) noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    word_.store((word & ~low) | link, std::memory_order_relaxed);
  }
  std::uint32_t take_link() noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    word_.store(at_rest(word), std::memory_order_relaxed);
    return static_cast<std::uint32_t>(word & low);
  }

 private:
  // High half: the number of predecessors. Low half: how many are left, and whether one failed.
  static constexpr std::uint64_t low = 0xffffffff;
  static constexpr std::uint64_t poison = 0x80000000;
  static constexpr std::uint64_t met_done = 0x7fffffff;  // more predecessors than any task has
  static constexpr std::uint64_t met_failed = 0x7ffffffe;

  static std::uint64_t left(std::uint64_t word) noexcept { return word & (poison - 1); }
  static std::uint64_t at_rest(std::uint64_t word) noexcept { return (word & ~low) | word >> 32; }

  typename Atomics::template Atomic<std::uint64_t> word_{0};
};

}  // namespace troika
