// The real environment: the steady clock, and one thread that calls the service.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "runtime/base/environment.h"

namespace troika {

// The thread exists from attach() to detach(), blocks all signals and sleeps while nothing is asked
// of it.
class ServiceThread final : public Environment {
 public:
  ServiceThread() noexcept;
  ~ServiceThread() override;  // detaches
  ServiceThread(const ServiceThread&) = delete;
  ServiceThread& operator=(const ServiceThread&) = delete;

  Nanos now() const noexcept override;  // since construction
  bool real_time() const noexcept override { return true; }
  void attach(Service& service) override;
  // Not on the service's own thread.
  void detach() noexcept override;
  void call_soon() noexcept override;
  void call_at(Nanos when) noexcept override;
  bool wait(Event& event, Nanos deadline) override;

 private:
  using Clock = std::chrono::steady_clock;

  void run(Service& service) noexcept;
  Clock::time_point on_the_clock(Nanos when) const noexcept;

  const Clock::time_point origin_;
  std::mutex mutex_;  // protects all below but thread_
  std::condition_variable changed_;
  Nanos due_ = forever;           // when the next serve() is asked for
  Nanos asleep_until_ = no_time;  // no_time: the thread is awake and will look at due_
  bool stopping_ = false;
  std::thread thread_;

  static constexpr Nanos no_time = Nanos::min();
};

}  // namespace troika
