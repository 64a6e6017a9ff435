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
  ring_[samples_ % window] = static_cast<float>(nanos);
  samples_ += 1;
  // Wraps to a value that still means "full, and the same slot next".
  if (samples_ == std::numeric_limits<std::uint32_t>::max() / window * window) samples_ = window;
  summarise();
}

void History::summarise() noexcept {
  const std::size_t count = held();
  std::array<float, window> sorted = ring_;
  const auto begin = sorted.begin();
  std::sort(begin, begin + static_cast<std::ptrdiff_t>(count));

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
  const double distance = static_cast<double>(sorted[count - 1 - count / 4]) - sorted[count / 4];
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
