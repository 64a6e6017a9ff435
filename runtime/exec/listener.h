// What queues report, on its way to the strand.
#pragma once

#include "runtime/exec/executor.h"

namespace troika {

// Forwards a queue's progress to the strand; the driver thread that reports it runs the strand if
// nobody else does.
class Executor::Listener final : public QueueListener {
 public:
  explicit Listener(Executor& executor) noexcept : executor_{executor} {}
  void on_advance(const Advance& advance) noexcept override {
    executor_.post(Advanced{advance.reached,
                            advance.status,
                            advance.lost,
                            {advance.measured.begin(), advance.measured.end()}});
  }
  void on_blocked(const Blocked& blocked) noexcept override { executor_.post(blocked); }

 private:
  Executor& executor_;
};

}  // namespace troika
