// How a driver thread sleeps and is woken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "runtime/base/time.h"

namespace troika {

// One sleeper, any number of wakers. Owned by shared_ptr: a vendor's callback may still be inside
// wake() when the device is gone.
class Waker {
 public:
  // Any thread, a vendor's callback included: calls nobody and holds its lock for a few
  // instructions. The sleeper's next wait() returns at once if it is awake.
  void wake() noexcept;
  // The driver thread. Returns after a wake() that no earlier wait() has returned for.
  void wait() noexcept;
  // As wait(), but no longer than `most`.
  void wait_for(Nanos most) noexcept;

 private:
  std::atomic<bool> woken_{false};  // set by the first wake() since the last wait()
  std::mutex mutex_;                // orders a wake() against falling asleep
  std::condition_variable changed_;
};

}  // namespace troika
