#include "runtime/base/environment.h"

#include <thread>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troika {
namespace {

// Looked at so often before a waiter sleeps: what is about to be set costs no sleep and no wake-up.
constexpr int looks = 16;

}  // namespace

void Event::set() noexcept {
  // From here on only the address is used: it wakes whoever sleeps there.
  if (state_.exchange(set_now, std::memory_order_acq_rel) == slept_on)
    syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

bool Event::look_around() const noexcept {
  for (int look = 0; look < looks; ++look) {
    if (is_set()) return true;
    std::this_thread::yield();
  }
  return is_set();
}

// Until it is set, for no reason at all, or at the deadline, which is on CLOCK_MONOTONIC.
void Event::sleep(const timespec* deadline) noexcept {
  std::uint32_t seen = unset;
  state_.compare_exchange_strong(seen, slept_on, std::memory_order_acq_rel);
  if (seen == set_now) return;
  syscall(SYS_futex, &state_, FUTEX_WAIT_BITSET_PRIVATE, slept_on, deadline, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

bool Event::wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
  using std::chrono::nanoseconds;
  const auto since = std::chrono::duration_cast<nanoseconds>(deadline.time_since_epoch()).count();
  const timespec at{since / 1'000'000'000, since % 1'000'000'000};
  if (look_around()) return true;
  while (!is_set()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    sleep(&at);
  }
  return true;
}

void Event::wait() noexcept {
  if (look_around()) return;
  while (!is_set()) sleep(nullptr);
}

}  // namespace troika
