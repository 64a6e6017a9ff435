#include "serving/triton/watch.h"

#include "runtime/base/signals.h"

namespace troika::triton {

Watch::Watch() {
  const SignalsBlocked blocked;
  thread_ = std::jthread{[this](const std::stop_token& stop) { look(stop); }};
}

void Watch::add(Watched& one) noexcept {
  {
    const std::lock_guard lock{mutex_};
    one.behind_ = first_;
    if (first_ != nullptr) first_->before_ = &one;
    first_ = &one;
  }
  changed_.notify_one();
}

void Watch::remove(Watched& one) noexcept {
  const std::lock_guard lock{mutex_};
  (one.before_ == nullptr ? first_ : one.before_->behind_) = one.behind_;
  if (one.behind_ != nullptr) one.behind_->before_ = one.before_;
}

void Watch::look(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (changed_.wait(lock, stop, [&] { return first_ != nullptr; })) {
    // Nothing comes true: this is the pause between two looks.
    changed_.wait_for(lock, stop, interval, [] { return false; });
    for (Watched* one = first_; one != nullptr; one = one->behind_) one->cancel_if_unwanted();
  }
}

}  // namespace troika::triton
