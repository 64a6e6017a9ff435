// What runs wait for that happens outside the runtime.
#pragma once

#include <atomic>
#include <mutex>

#include "runtime/base/environment.h"

namespace troika {

// Of runs of one runtime: RunOptions::after.
class Gate {
 public:
  // Any thread, a vendor's callback too: it calls no vendor and waits for nothing. For good.
  void open() noexcept {
    const std::scoped_lock lock{mutex_};
    open_.store(true, std::memory_order_release);
    if (runs_ != 0) environment_->call_soon();
  }
  bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }

  // One more run wants the environment to be called when it opens, or one less.
  void attach(Environment& environment) noexcept {
    const std::scoped_lock lock{mutex_};
    environment_ = &environment;
    ++runs_;
  }
  void detach() noexcept {
    const std::scoped_lock lock{mutex_};
    --runs_;
  }

 private:
  std::atomic<bool> open_{false};
  std::mutex mutex_;  // protects what follows
  Environment* environment_ = nullptr;
  unsigned runs_ = 0;
};

}  // namespace troika
