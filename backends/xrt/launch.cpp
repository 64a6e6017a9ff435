#include "backends/xrt/launch.h"

namespace troika::xrt {

Launch::Launch(const ::xrt::kernel& kernel, std::shared_ptr<Waker> waker)
    : waker_{std::move(waker)}, run_{kernel} {
  // Called for every end, whatever state is asked for.
  run_.add_callback(
      ERT_CMD_STATE_COMPLETED,
      [](const void*, ert_cmd_state, void* self) {
        auto& launch = *static_cast<Launch*>(self);
        // A copy: once the flag is up the launch may be settled.
        const std::shared_ptr<Waker> wakes = launch.waker_;
        launch.ended_.store(true, std::memory_order_release);
        wakes->wake();
      },
      this);
}

void Launch::start(std::vector<std::shared_ptr<Body>> bodies) {
  ended_.store(false, std::memory_order_relaxed);
  run_.start();
  bodies_ = std::move(bodies);
  for (const auto& body : bodies_) ++body->users;
}

// wait() may return before the callback runs and the other way round, so both are asked for.
ert_cmd_state Launch::settle() {
  const ert_cmd_state state = run_.wait();
  for (const auto& body : bodies_) --body->users;
  bodies_.clear();
  return state;
}

}  // namespace troika::xrt
