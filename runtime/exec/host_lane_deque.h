// One worker's ready tasks of one priority class: the owner works at the bottom, thieves take from
// the top.
//
// The algorithm is Chase and Lev's ("Dynamic circular work-stealing deque", 2005). Where others put
// stand-alone fences, every access to `top_` and `shared_bottom_` whose order matters is
// sequentially consistent: thread sanitizers cannot see fences, and the owner's store of the bottom
// is at the same time the first half of the hand-shake with workers that leave (host_lane_word.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/exec/host_lane_atomics.h"

namespace troika {

class LaneRun;

// One task, or a range of a graph's successor list whose tasks are all ready.
struct LaneItem {
  LaneRun* run = nullptr;
  std::uint32_t begin = 0;  // a link (host_lane_graph.h), or where the range begins
  std::uint32_t end = 0;    // 0: one task; otherwise where the range ends
};

enum class Steal : std::uint8_t { got, empty, lost };  // lost: to another thief or to the owner

template <class Atomics = StdAtomics>
class LaneDeque {
 public:
  // The capacity, a power of two, doubles when it is exceeded and never shrinks: it stays below
  // twice the number of tasks that were ready at once.
  explicit LaneDeque(std::size_t capacity = 16) { adopt(std::make_unique<Ring>(capacity)); }
  LaneDeque(const LaneDeque&) = delete;
  LaneDeque& operator=(const LaneDeque&) = delete;

  // Owner. The item is seen by nobody until publish().
  void put(LaneItem item) {
    if (bottom_ - top_seen_ >= capacity_) [[unlikely]]
      make_room();
    owned_->write(bottom_, item);
    ++bottom_;
  }

  // Owner. Makes what was put visible. In the single order of sequentially consistent operations
  // this store comes before whatever the owner reads next in that order.
  void publish() noexcept { shared_bottom_.store(bottom_, std::memory_order_seq_cst); }

  // Owner, all items published. The latest item, if there is one.
  bool pop(LaneItem& item) noexcept {
    // Only thieves move the top, and never beyond the bottom: equal means empty.
    if (top_.load(std::memory_order_relaxed) == bottom_) return false;
    const std::int64_t last = bottom_ - 1;
    shared_bottom_.store(last, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top < last) {
      bottom_ = last;
      item = owned_->read(last);
      return true;
    }
    // One item is left, or none: whoever moves the top has it.
    bool got = false;
    if (top == last) {
      item = owned_->read(last);
      got = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
    }
    shared_bottom_.store(bottom_, std::memory_order_release);
    return got;
  }

  // Any thread. The oldest item.
  Steal steal(LaneItem& item) noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top >= shared_bottom_.load(std::memory_order_seq_cst)) return Steal::empty;
    item = ring_.load(std::memory_order_acquire)->read(top);
    // When the owner has meanwhile written over what was read, the top has moved.
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) return Steal::lost;
    return Steal::got;
  }

  // Any thread. Whether an item published before, in the single order, is still there.
  bool has_items() const noexcept {
    const std::int64_t top = top_.load(std::memory_order_seq_cst);
    return top < shared_bottom_.load(std::memory_order_seq_cst);
  }

  // Owner. False only when thieves have taken what was left.
  bool may_have_items() const noexcept { return top_.load(std::memory_order_relaxed) != bottom_; }

 private:
  template <class T>
  using Atomic = typename Atomics::template Atomic<T>;

  // A thief may read a slot while the owner writes it, and then throws away what it read.
  struct Slot {
    Atomic<LaneRun*> run{nullptr};
    Atomic<std::uint64_t> range{0};
  };

  class Ring {
   public:
    explicit Ring(std::size_t capacity) : capacity_{capacity}, slots_{new Slot[capacity]} {}
    std::size_t capacity() const noexcept { return capacity_; }
    void write(std::int64_t index, LaneItem item) noexcept {
      Slot& slot = at(index);
      slot.run.store(item.run, std::memory_order_relaxed);
      slot.range.store(std::uint64_t{item.end} << 32 | item.begin, std::memory_order_relaxed);
    }
    LaneItem read(std::int64_t index) noexcept {
      Slot& slot = at(index);
      const std::uint64_t range = slot.range.load(std::memory_order_relaxed);
      return {slot.run.load(std::memory_order_relaxed), static_cast<std::uint32_t>(range),
              static_cast<std::uint32_t>(range >> 32)};
    }
    std::unique_ptr<Ring> smaller;  // thieves may still read it

   private:
    Slot& at(std::int64_t index) noexcept {
      return slots_[static_cast<std::size_t>(index) & (capacity_ - 1)];
    }
    std::size_t capacity_;
    std::unique_ptr<Slot[]> slots_;
  };

  void make_room() {
    top_seen_ = top_.load(std::memory_order_acquire);
    if (bottom_ - top_seen_ < capacity_) return;
    auto larger = std::make_unique<Ring>(owned_->capacity() * 2);
    for (std::int64_t i = top_seen_; i < bottom_; ++i) larger->write(i, owned_->read(i));
    larger->smaller = std::move(owned_);
    adopt(std::move(larger));
  }

  void adopt(std::unique_ptr<Ring> ring) noexcept {
    owned_ = std::move(ring);
    capacity_ = static_cast<std::int64_t>(owned_->capacity());
    ring_.store(owned_.get(), std::memory_order_release);
  }

  // The owner's own.
  alignas(64) std::int64_t bottom_ = 0;
  std::int64_t top_seen_ = 0;  // no more than top_
  std::int64_t capacity_ = 0;
  std::unique_ptr<Ring> owned_;
  // Read by thieves.
  alignas(64) Atomic<std::int64_t> shared_bottom_{0};
  Atomic<Ring*> ring_{nullptr};
  alignas(64) Atomic<std::int64_t> top_{0};
};

}  // namespace troika
