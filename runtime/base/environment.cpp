#include "runtime/base/environment.h"

namespace troika {

void Event::set() noexcept {
  // Notified under the lock: a waiter may destroy the event as soon as it sees it set.
  const std::scoped_lock lock{mutex_};
  set_ = true;
  changed_.notify_all();
}

bool Event::is_set() const noexcept {
  const std::scoped_lock lock{mutex_};
  return set_;
}

bool Event::wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  std::unique_lock lock{mutex_};
  return changed_.wait_until(lock, deadline, [this] { return set_; });
}

void Event::wait() noexcept {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return set_; });
}

}  // namespace troika
