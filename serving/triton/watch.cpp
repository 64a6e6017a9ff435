#include "serving/triton/watch.h"

#include <utility>

#include "runtime/base/signals.h"

namespace troika::triton {

Watch::Watch() {
  const SignalsBlocked blocked;
  thread_ = std::jthread{[this](const std::stop_token& stop) { look(stop); }};
}

void Watch::add(Watched& one) noexcept {
  const std::lock_guard lock{mutex_};
  one.behind_ = first_;
  if (first_ != nullptr) first_->before_ = &one;
  first_ = &one;
  if (std::exchange(sleeps_, false)) changed_.notify_one();
}

void Watch::remove(Watched& one) noexcept {
  const std::lock_guard lock{mutex_};
  (one.before_ == nullptr ? first_ : one.before_->behind_) = one.behind_;
  if (one.behind_ != nullptr) one.behind_->before_ = one.before_;
}

void Watch::look(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    if (first_ == nullptr) {
      sleeps_ = true;
      changed_.wait(lock, stop, [&] { return !sleeps_; });
    }
    // Nothing comes true, and nobody tells: this is the pause between two looks.
    changed_.wait_for(lock, stop, interval, [] { return false; });
    for (Watched* one = first_; one != nullptr; one = one->behind_) one->cancel_if_unwanted();
  }
}

}  // namespace troika::triton
