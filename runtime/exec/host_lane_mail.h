// Completions that reach the host lane from outside, without allocating: the start of a run and the
// end of tasks that complete later.
//
// A run links its completed tasks through their counts; the mailbox links the runs that have some.
// Both are stacks to which anybody adds and from which a worker takes everything at once.
#pragma once

#include <cstdint>

#include "runtime/exec/host_lane_atomics.h"

namespace troika {

// The completed tasks of one run.
template <class Run, class Atomics = StdAtomics>
class LaneMail {
 public:
  // A link is a task's index, with this bit when the task failed.
  static constexpr std::uint32_t failed = 1u << 29;
  static constexpr std::uint32_t none = (1u << 30) - 1;

  // True when there was none before: the run must then be put into the mailbox.
  template <class Count>
  bool add(std::uint32_t link, Count& count) noexcept {
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    do {
      count.set_link(head);
      // Whoever finds none here comes after the worker that took all, and so after what that one
      // did with `next`.
    } while (!head_.compare_exchange_weak(head, link, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return head == none;
  }
  // All of them, linked through their counts, the latest first.
  std::uint32_t take() noexcept { return head_.exchange(none, std::memory_order_acq_rel); }

  Run* next = nullptr;  // in the mailbox

 private:
  typename Atomics::template Atomic<std::uint32_t> head_{none};
};

// The runs that have mail. A run has a LaneMail named `mail_`.
template <class Run, class Atomics = StdAtomics>
class LaneMailbox {
 public:
  void add(Run& run) noexcept {
    Run* head = head_.load(std::memory_order_relaxed);
    do {
      run.mail_.next = head;
    } while (!head_.compare_exchange_weak(head, &run, std::memory_order_release,
                                          std::memory_order_relaxed));
  }
  // All of them, linked by next_of(), the earliest first.
  Run* take() noexcept {
    Run* run = head_.exchange(nullptr, std::memory_order_acq_rel);
    Run* earliest = nullptr;
    while (run != nullptr) {
      Run* const next = next_of(*run);
      run->mail_.next = earliest;
      earliest = run;
      run = next;
    }
    return earliest;
  }
  // To be asked before the run's own mail is taken: after that it may be added again.
  static Run* next_of(Run& run) noexcept { return run.mail_.next; }

 private:
  typename Atomics::template Atomic<Run*> head_{nullptr};
};

}  // namespace troika
