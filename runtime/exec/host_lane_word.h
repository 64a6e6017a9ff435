// The one word that the host lane's workers share: who is present, and what they should look at.
//
// Wake-ups are not lost because work and leaving meet in the single order of sequentially
// consistent operations. Who has work to offer makes it visible (a sequentially consistent store of
// a deque's bottom, or a read-modify-write of this word for mail), then reads the word and invites
// a worker that is absent. Who leaves takes itself off the word by a read-modify-write, then looks
// for work again. One of the two sees the other.
#pragma once

#include <cstdint>

#include "runtime/exec/host_lane_atomics.h"

namespace troika {

// A copy of the word.
class LaneWordView {
 public:
  static constexpr std::uint64_t classes = 0x7;  // bit c: a deque may hold tasks of class c
  static constexpr std::uint64_t mail = 0x8;     // the mailbox may hold completions
  static constexpr std::uint64_t closing = 0x10;
  static constexpr std::uint64_t one_present = std::uint64_t{1} << 16;
  static constexpr std::uint64_t one_around = std::uint64_t{1} << 32;
  static constexpr std::uint64_t one_wanted = std::uint64_t{1} << 48;

  constexpr explicit LaneWordView(std::uint64_t bits) noexcept : bits_{bits} {}

  // Workers that will look for work before they leave, and tickets that will become such.
  constexpr unsigned present() const noexcept { return field(16); }
  // Those and the ones that are about to be gone: none of them touches the lane once this is 0.
  constexpr unsigned around() const noexcept { return field(32); }
  // Workers that other jobs are waiting for.
  constexpr unsigned wanted() const noexcept { return field(48); }
  constexpr std::uint64_t bits() const noexcept { return bits_; }
  constexpr bool has(std::uint64_t bits) const noexcept { return (bits_ & bits) != 0; }

  // What takes a worker off a chain of tasks of class `c`: a higher class, mail, other jobs.
  static constexpr std::uint64_t interrupts(unsigned c) noexcept {
    return (classes & ~((std::uint64_t{2} << c) - 1)) | mail | ~(one_wanted - 1);
  }

 private:
  constexpr unsigned field(unsigned shift) const noexcept {
    return static_cast<unsigned>(bits_ >> shift & 0xffff);
  }
  std::uint64_t bits_;
};

template <class Atomics = StdAtomics>
class LaneWord {
 public:
  LaneWord() = default;
  LaneWord(const LaneWord&) = delete;
  LaneWord& operator=(const LaneWord&) = delete;

  // A hint, read once per task.
  LaneWordView peek() const noexcept { return LaneWordView{word_.load(std::memory_order_relaxed)}; }

  // After the caller published tasks of `classes`: what the word says then.
  LaneWordView announce(std::uint64_t classes) noexcept {
    const LaneWordView seen{word_.load(std::memory_order_seq_cst)};
    if ((seen.bits() & classes) == classes) return seen;
    return set(classes);
  }
  LaneWordView set(std::uint64_t bits) noexcept {
    return LaneWordView{word_.fetch_or(bits, std::memory_order_seq_cst)};
  }
  // Before the caller looks for what the bits announce: who announces it later sets them again.
  LaneWordView clear(std::uint64_t bits) noexcept {
    return LaneWordView{word_.fetch_and(~bits, std::memory_order_seq_cst)};
  }

  // After work was announced, `seen` the word since. True: the caller owes the pool one ticket.
  bool invite(LaneWordView seen, unsigned workers) noexcept {
    return raise(seen, workers, LaneWordView::one_present + LaneWordView::one_around);
  }

  // The caller is no longer counted present: it looks for work once more before it goes.
  LaneWordView leave() noexcept {
    return LaneWordView{word_.fetch_sub(LaneWordView::one_present, std::memory_order_seq_cst) -
                        LaneWordView::one_present};
  }
  // It found some. False: others were invited in its place, it may go.
  bool come_back(LaneWordView seen, unsigned workers) noexcept {
    return raise(seen, workers, LaneWordView::one_present);
  }
  // Back from having blocked; there may be one worker too many for a while.
  void return_from_block() noexcept {
    word_.fetch_add(LaneWordView::one_present, std::memory_order_seq_cst);
  }
  // The last access of a worker that left. True: the lane is closing and nobody is around.
  bool go() noexcept {
    const LaneWordView before{word_.fetch_sub(LaneWordView::one_around, std::memory_order_acq_rel)};
    return before.has(LaneWordView::closing) && before.around() == 1;
  }

  // Another job waits for a worker. No more are wanted than there are.
  void want() noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (LaneWordView{word}.wanted() < LaneWordView{word}.present() &&
           !word_.compare_exchange_weak(word, word + LaneWordView::one_wanted,
                                        std::memory_order_relaxed)) {
    }
  }
  // True: the caller is the one that goes.
  bool take_want() noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (LaneWordView{word}.wanted() != 0) {
      if (word_.compare_exchange_weak(word, word - LaneWordView::one_wanted,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

 private:
  bool raise(LaneWordView seen, unsigned workers, std::uint64_t by) noexcept {
    std::uint64_t word = seen.bits();
    while (LaneWordView{word}.present() < workers) {
      if (word_.compare_exchange_weak(word, word + by, std::memory_order_seq_cst)) return true;
    }
    return false;
  }

  typename Atomics::template Atomic<std::uint64_t> word_{0};
};

}  // namespace troika
