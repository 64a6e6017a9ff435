#include "runtime/device/timeline.h"

#include <algorithm>

namespace troika {

void Frontier::include(Timepoint point) {
  if (point.trivial()) return;
  for (std::size_t i = 0; i < size_; ++i) {
    if (at(i).queue == point.queue) {
      at(i).value = std::max(at(i).value, point.value);
      return;
    }
  }
  if (size_ >= inline_points && size_ - inline_points == rest_.size()) rest_.push_back(point);
  at(size_++) = point;
}

void Frontier::include(const Frontier& other) {
  other.for_each([this](Timepoint point) { include(point); });
}

void Frontier::clear() noexcept { size_ = 0; }

}  // namespace troika
