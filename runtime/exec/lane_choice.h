// Whether runs of a plan that other devices could share go to the host lane as a whole.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "runtime/base/time.h"

namespace troika {

// Asked once a run and told how long it took; the way that was shorter is taken. By forecasts alone
// it cannot be decided: they leave out what the strand costs, and devices that share cores slow one
// another down. So the lane is tried once the first run has tried every device, unless the
// forecast rules it out; and the way not taken is tried again at growing intervals.
class LaneChoice {
 public:
  enum class Way : std::uint8_t { tasks, lane };

  // Any thread. `plausible()` is asked, under a lock, after a run, then after twice as many: for
  // any other answer than true the run goes by tasks.
  template <class Plausible>
  Way next_run(Plausible&& plausible) {
    const std::scoped_lock lock{mutex_};
    const Way way = upcoming(plausible);
    if (runs_++ == retrial_) {
      interval_ = std::min(2 * interval_, interval_max);
      retrial_ += interval_;
    }
    return way;
  }
  // What next_run() would answer now.
  template <class Plausible>
  Way peek(Plausible&& plausible) {
    const std::scoped_lock lock{mutex_};
    return upcoming(plausible);
  }
  // What the latest runs took, as a mean; none before one.
  std::optional<Nanos> took(Way way) const noexcept {
    const Nanos mean = mean_[static_cast<std::size_t>(way)].load(std::memory_order_relaxed);
    return mean == unknown ? std::nullopt : std::optional{mean};
  }
  // One thread at a time.
  void observe(Way way, Nanos took) noexcept {
    // Forgotten slowly: a machine may have got slower.
    update(least_[static_cast<std::size_t>(way)], took,
           [took](Nanos least) { return std::min(took, least + least / 32); });
    update(mean_[static_cast<std::size_t>(way)], took,
           [took](Nanos mean) { return mean + (took - mean) / 4; });
  }

 private:
  static constexpr std::uint32_t first_trial = 1, interval_min = 8, interval_max = 1024;
  static constexpr Nanos unknown = forever;

  template <class Next>
  static void update(std::atomic<Nanos>& value, Nanos first, Next&& next) noexcept {
    const Nanos before = value.load(std::memory_order_relaxed);
    value.store(before == unknown ? first : next(before), std::memory_order_relaxed);
  }
  template <class Plausible>
  Way upcoming(Plausible& plausible) {
    if (runs_ >= due_) {
      due_ = 2 * runs_;
      plausible_ = plausible();
    }
    if (!plausible_) return Way::tasks;
    const Nanos lane = least_[1].load(std::memory_order_relaxed);
    if (lane == unknown) return Way::lane;
    const bool better = lane <= least_[0].load(std::memory_order_relaxed);
    return better != (runs_ == retrial_) ? Way::lane : Way::tasks;
  }

  std::atomic<Nanos> least_[2]{unknown, unknown}, mean_[2]{unknown, unknown};  // by way
  std::mutex mutex_;  // protects what follows
  std::uint32_t runs_ = 0, due_ = first_trial;
  std::uint32_t interval_ = interval_min, retrial_ = interval_min;
  bool plausible_ = false;
};

}  // namespace troika
