// A listener for tests of devices.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/device/queue.h"

namespace troika {

// Collects failures and intervals, and lets a test wait for a point.
class Reports final : public QueueListener {
 public:
  void on_advance(const Advance& advance) noexcept override {
    const std::scoped_lock lock{mutex_};
    reached_[advance.reached.queue] = advance.reached.value;
    if (!advance.status.ok()) failures_.emplace_back(advance.reached.value, advance.status);
    measured_.insert(measured_.end(), advance.measured.begin(), advance.measured.end());
    lost_ |= advance.lost;
    ++count_;
    changed_.notify_all();
  }
  // Returns too when the device is lost.
  void wait(Timepoint point) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return lost_ || reached_[point.queue] >= point.value; });
  }
  void wait_until_lost() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return lost_; });
  }
  std::vector<std::pair<std::uint64_t, Status>> failures() {
    const std::scoped_lock lock{mutex_};
    return failures_;
  }
  std::vector<Interval> measured() {
    const std::scoped_lock lock{mutex_};
    return measured_;
  }
  std::size_t count() {
    const std::scoped_lock lock{mutex_};
    return count_;
  }

 private:
  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::map<QueueId, std::uint64_t> reached_;
  std::size_t count_ = 0;
  bool lost_ = false;
  std::vector<std::pair<std::uint64_t, Status>> failures_;
  std::vector<Interval> measured_;
};

}  // namespace troika
