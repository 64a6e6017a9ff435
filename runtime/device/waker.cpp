#include "runtime/device/waker.h"

namespace troika {

void Waker::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  // Notified under the lock: the sleeper has either not looked yet or is asleep.
  const std::scoped_lock lock{mutex_};
  changed_.notify_one();
}

void Waker::wait() noexcept {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return woken_.exchange(false, std::memory_order_acq_rel); });
}

void Waker::wait_for(Nanos most) noexcept {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, most,
                    [this] { return woken_.exchange(false, std::memory_order_acq_rel); });
}

}  // namespace troika
