// A bounded queue of events from one thread to one other. When it is full, new ones are dropped
// and counted.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "runtime/trace/event.h"

namespace troika {

class EventRing {
 public:
  // Holds `events`, rounded up to a power of two.
  explicit EventRing(std::size_t events)
      : mask_{std::bit_ceil(events) - 1}, events_{std::make_unique<TraceEvent[]>(mask_ + 1)} {}

  // The producer only. False: full, and counted as dropped.
  bool push(const TraceEvent& event) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_seen_ > mask_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ > mask_) {
        // One writer: a plain increment of what others may read meanwhile.
        dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return false;
      }
    }
    events_[head & mask_] = event;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // The consumer only: visit(const TraceEvent&) for each event there is, oldest first.
  template <class Visit>
  void drain(Visit&& visit) {
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    for (; tail != head; ++tail) visit(std::as_const(events_[tail & mask_]));
    tail_.store(tail, std::memory_order_release);
  }

  // Any thread.
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  static constexpr std::size_t line = 64;  // so that the two ends share no cache line

  const std::uint64_t mask_;
  const std::unique_ptr<TraceEvent[]> events_;
  alignas(line) std::atomic<std::uint64_t> head_{0};  // written by the producer
  std::uint64_t tail_seen_ = 0;                       // the producer's last look at tail_
  std::atomic<std::uint64_t> dropped_{0};             // written by the producer
  alignas(line) std::atomic<std::uint64_t> tail_{0};  // written by the consumer
};

}  // namespace troika
