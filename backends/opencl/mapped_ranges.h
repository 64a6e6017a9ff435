// Which bytes of a buffer the host holds mapped. Ranges never overlap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troika::opencl {

struct MappedRange {
  std::size_t begin = 0, end = 0;
  bool writable = false;
  void* pointer = nullptr;  // what the driver returned for it
};

class MappedRanges {
 public:
  // Beyond so many the ranges of a buffer are joined into one.
  static constexpr std::size_t ranges_max = 64;

  // Whether one range covers these bytes with the rights asked for.
  bool hold(std::size_t begin, std::size_t end, bool writable) const noexcept {
    return std::any_of(ranges_.begin(), ranges_.end(), [=](const MappedRange& range) {
      return range.begin <= begin && end <= range.end && (range.writable || !writable);
    });
  }
  bool touch(std::size_t begin, std::size_t end) const noexcept {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [=](const MappedRange& r) { return r.begin < end && begin < r.end; });
  }
  // Removes every range that touches these bytes, giving each to `unmap`.
  template <class Unmap>
  void take(std::size_t begin, std::size_t end, Unmap&& unmap) {
    std::erase_if(ranges_, [&](const MappedRange& range) {
      if (range.begin >= end || begin >= range.end) return false;
      unmap(range);
      return true;
    });
  }
  // The range to map so that the host holds these bytes: with every range that touches them, which
  // `unmap` is given, and with all ranges when there would be too many.
  template <class Unmap>
  MappedRange widen(std::size_t begin, std::size_t end, bool writable, Unmap&& unmap) {
    MappedRange wide{begin, end, writable, nullptr};
    const auto join = [&](const MappedRange& range) {
      wide.begin = std::min(wide.begin, range.begin);
      wide.end = std::max(wide.end, range.end);
      wide.writable |= range.writable;
      unmap(range);
    };
    if (ranges_.size() < ranges_max) take(begin, end, join);
    else take(0, static_cast<std::size_t>(-1), join);
    return wide;
  }
  void add(const MappedRange& range) { ranges_.push_back(range); }
  bool empty() const noexcept { return ranges_.empty(); }
  std::size_t size() const noexcept { return ranges_.size(); }

 private:
  std::vector<MappedRange> ranges_;
};

}  // namespace troika::opencl
