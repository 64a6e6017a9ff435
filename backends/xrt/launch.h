// One run object of a compute unit's, started again and again.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <ert.h>
#include <xrt/xrt_kernel.h>

#include "backends/xrt/body.h"
#include "runtime/device/waker.h"

namespace troika::xrt {

// The vendor's monitor thread calls back into it: so it is destroyed only when it is idle. After
// start() it is idle again when that call has come and wait() has returned, and not before.
class Launch {
 public:
  Launch(const ::xrt::kernel& kernel, std::shared_ptr<Waker> waker);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  ::xrt::run& run() noexcept { return run_; }
  // `bodies` are kept from moving until the end is settled.
  void start(std::vector<std::shared_ptr<Body>> bodies);
  // The vendor has called back.
  bool has_ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  // After that. What became of the run; it may be started again.
  ert_cmd_state settle();

 private:
  const std::shared_ptr<Waker> waker_;
  ::xrt::run run_;
  std::vector<std::shared_ptr<Body>> bodies_;
  std::atomic<bool> ended_{false};
};

}  // namespace troika::xrt
