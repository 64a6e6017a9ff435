// Predicts how long a copy between two spaces takes, and learns from what was observed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"
#include "runtime/sched/history.h"

namespace troika {

// Of the host's pages at one end of a copy: whether a device was told to keep them fit for DMA.
enum class HostPagesAre : std::uint8_t { pageable, pinned };

// One history for each pair of spaces, kind of pages and size, in powers of two. A size that was
// never observed takes what the link is said to take, by as much longer as the nearest size that
// was; a kind of pages that was never observed what the other does. Not thread-safe: the strand
// owns it.
class LinkModel {
 public:
  // As its device tells of it; of one pair the first counts.
  void add(SpaceId from, SpaceId to, double bytes_per_second, Nanos latency);
  // Zero where there is no such link.
  Nanos predict(SpaceId from, SpaceId to, std::size_t bytes,
                HostPagesAre pages = HostPagesAre::pageable) const;
  unsigned samples(SpaceId from, SpaceId to, HostPagesAre pages) const noexcept;
  void observe(SpaceId from, SpaceId to, std::size_t bytes, HostPagesAre pages, Nanos took);

 private:
  struct Size {
    double bytes = 0;  // of the latest copy
    History nanos;
  };
  using Sizes = std::map<unsigned, Size>;  // by the logarithm of the bytes
  struct Way {
    SpaceId from, to;
    double bytes_per_second;
    Nanos latency;
    Sizes pageable, pinned;

    double told(double bytes) const noexcept {
      return static_cast<double>(latency.count()) + bytes / bytes_per_second * 1e9;
    }
    const Sizes& of(HostPagesAre pages) const noexcept {
      return pages == HostPagesAre::pinned ? pinned : pageable;
    }
  };
  const Way* find(SpaceId from, SpaceId to) const noexcept;
  static const Size* nearest(const Sizes& sizes, std::size_t bytes) noexcept;

  std::vector<Way> ways_;
};

}  // namespace troika
