#include "runtime/device/waker.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace troika {
namespace {

TEST(Waker, what_was_written_before_any_wake_is_seen_after_the_wait) {
  for (int round = 0; round < 50; ++round) {
    Waker waker;
    int first = 0, second = 0;
    std::atomic<bool> woken{false};
    std::thread other{[&] {
      first = 1;
      waker.wake();
      second = 2;
      waker.wake();
      woken.store(true, std::memory_order_relaxed);
    }};
    while (!woken.load(std::memory_order_relaxed)) std::this_thread::yield();
    waker.wait();
    EXPECT_EQ(first + second, 3);
    other.join();
  }
}

}  // namespace
}  // namespace troika
