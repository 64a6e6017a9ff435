#include "runtime/exec/service_thread.h"

#include <algorithm>
#include <cassert>

#include "runtime/base/signals.h"

namespace troika {

ServiceThread::ServiceThread() noexcept : origin_{Clock::now()} {}

ServiceThread::~ServiceThread() { detach(); }

Nanos ServiceThread::now() const noexcept { return Clock::now() - origin_; }

void ServiceThread::attach(Service& service) {
  assert(!thread_.joinable() && "an environment serves one service, once");
  const SignalsBlocked blocked;
  thread_ = std::thread{[this, &service] { run(service); }};
}

void ServiceThread::detach() noexcept {
  if (!thread_.joinable()) return;
  assert(thread_.get_id() != std::this_thread::get_id() && "the service cannot detach itself");
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void ServiceThread::call_soon() noexcept { call_at(Nanos::zero()); }

void ServiceThread::call_at(Nanos when) noexcept {
  const std::scoped_lock lock{mutex_};
  due_ = std::min(due_, when);
  if (due_ < asleep_until_) {
    asleep_until_ = no_time;  // one wake-up is enough
    changed_.notify_one();
  }
}

bool ServiceThread::wait(Event& event, Nanos deadline) {
  if (deadline == forever) {
    event.wait();
    return true;
  }
  return event.wait_until(on_the_clock(deadline));
}

void ServiceThread::run(Service& service) noexcept {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (due_ == forever) {
      asleep_until_ = forever;
      changed_.wait(lock);
    } else if (now() < due_) {
      asleep_until_ = due_;
      changed_.wait_until(lock, on_the_clock(due_));
    } else {
      due_ = forever;
      lock.unlock();
      service.serve();
      lock.lock();
    }
    asleep_until_ = no_time;
  }
}

ServiceThread::Clock::time_point ServiceThread::on_the_clock(Nanos when) const noexcept {
  const auto room = Clock::time_point::max() - origin_;
  return origin_ + std::min<Clock::duration>(when, room);
}

}  // namespace troika
