#include "runtime/sched/history.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace troika {
namespace {

// With fewer samples than this the middle one stands for all: a mean of few is moved too far by
// one.
constexpr std::size_t samples_for_mean = 8;
constexpr std::size_t samples_for_deviation = 4;
// Quartiles of a normal distribution lie this many standard deviations apart.
constexpr double quartile_distance = 1.349;

}  // namespace

void History::add(double nanos, bool provisional) noexcept {
  if (provisional && !provisional_) return;
  if (provisional_ && !provisional) *this = {};
  provisional_ = provisional;
  sort_in(static_cast<float>(nanos));
  ring_[samples_ % window] = static_cast<float>(nanos);
  samples_ += 1;
  // Wraps to a value that still means "full, and the same slot next".
  if (samples_ == std::numeric_limits<std::uint32_t>::max() / window * window) samples_ = window;
  summarise();
}

// In the place of the oldest once all are taken: what lies between the two moves over by one.
void History::sort_in(float nanos) noexcept {
  const auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(held());
  const auto to = std::upper_bound(sorted_.begin(), end, nanos);
  if (held() < window) {
    std::copy_backward(to, end, end + 1);
    *to = nanos;
    return;
  }
  const auto from = std::find(sorted_.begin(), end, ring_[samples_ % window]);
  if (from < to) *std::copy(from + 1, to, from) = nanos;
  else *(std::copy_backward(to, from, from + 1) - 1) = nanos;
}

void History::summarise() noexcept {
  const std::size_t count = held();
  const auto begin = sorted_.begin();

  std::size_t first = count / 4, last = count - count / 4;
  if (count < samples_for_mean) {
    // The lower of two middle ones: disturbances only ever add time.
    first = (count - 1) / 2;
    last = first + 1;
  }
  mean_ = std::accumulate(begin + static_cast<std::ptrdiff_t>(first),
                          begin + static_cast<std::ptrdiff_t>(last), 0.0) /
          static_cast<double>(last - first);
  if (count < samples_for_deviation || mean_ <= 0) return;
  const double distance = static_cast<double>(sorted_[count - 1 - count / 4]) - sorted_[count / 4];
  deviation_ = distance / quartile_distance / mean_;
}

std::vector<double> History::recent() const {
  std::vector<double> result;
  const std::size_t count = held();
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(static_cast<double>(ring_[(samples_ - count + i) % window]));
  return result;
}

}  // namespace troika
