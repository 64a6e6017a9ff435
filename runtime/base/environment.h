// What the executor needs from the world it runs in: a clock, someone to call it, a way to block.
// The real one has a service thread; the simulator's has a clock that jumps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "runtime/base/time.h"

namespace troika {

// Set once; waited for through Environment::wait. Any thread. Whoever has seen it set may destroy
// it, even while set() has not returned.
class Event {
 public:
  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set() noexcept;
  bool is_set() const noexcept { return state_.load(std::memory_order_acquire) == set_now; }
  // Real time only; true when set, false at the deadline on the steady clock.
  bool wait_until(std::chrono::steady_clock::time_point deadline) noexcept;
  void wait() noexcept;

 private:
  static constexpr std::uint32_t unset = 0, slept_on = 1, set_now = 2;

  bool look_around() const noexcept;
  void sleep(const timespec* deadline) noexcept;

  std::atomic<std::uint32_t> state_{unset};
};

// The serial function that the environment calls.
class Service {
 public:
  virtual void serve() noexcept = 0;

 protected:
  ~Service() = default;
};

class Environment {
 public:
  virtual ~Environment() = default;

  // Any thread. Monotonic.
  virtual Nanos now() const noexcept = 0;
  // Whether that is the machine's own clock, so that other ways to measure time agree with it.
  virtual bool real_time() const noexcept { return false; }

  // Before anything else, once. `service` is called on a thread of the environment's own.
  virtual void attach(Service& service) = 0;
  // Returns when no call of the service is under way; none follows.
  virtual void detach() noexcept = 0;

  // Any thread; never calls back before it returns. At least one serve() follows.
  virtual void call_soon() noexcept = 0;
  // Any thread. A serve() follows no earlier than `when`; of several requests the earliest counts,
  // and each serve() forgets them all.
  virtual void call_at(Nanos when) noexcept = 0;

  // Blocks the caller until `event` is set (true) or now() passes `deadline` (false). The simulator
  // advances its clock meanwhile and also returns false when nothing is left that could set it.
  virtual bool wait(Event& event, Nanos deadline) = 0;
};

}  // namespace troika
