// A point on a queue's timeline: the only idea of synchronisation between queues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/ids.h"

namespace troika {

struct Timepoint {
  QueueId queue;
  std::uint64_t value = 0;  // 0: already reached

  bool trivial() const noexcept { return value == 0; }
  friend bool operator==(const Timepoint&, const Timepoint&) = default;
};

// At most one timepoint a queue: the latest. Holds four without allocating.
class Frontier {
 public:
  void include(Timepoint point);
  void include(const Frontier& other);
  void clear() noexcept;
  bool empty() const noexcept { return size_ == 0; }

  // Drops every point for which `reached(point)` holds.
  template <class Reached>
  void prune(Reached&& reached) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if (!reached(at(i))) at(kept++) = at(i);
    size_ = kept;
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < size_; ++i) visit(at(i));
  }

 private:
  static constexpr std::size_t inline_points = 4;

  Timepoint& at(std::size_t i) noexcept {
    return i < inline_points ? first_[i] : rest_[i - inline_points];
  }
  const Timepoint& at(std::size_t i) const noexcept {
    return i < inline_points ? first_[i] : rest_[i - inline_points];
  }

  std::array<Timepoint, inline_points> first_;
  std::vector<Timepoint> rest_;
  std::size_t size_ = 0;
};

}  // namespace troika
