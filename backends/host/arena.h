// The oneTBB arena that the host's workers come from: the only file here that knows oneTBB.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include "backends/host/worker_state.h"

namespace troika::host {

class Workers::Arena final : public State::Sender {
 public:
  // `state` outlives the tickets that were sent.
  explicit Arena(State& state);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void send_ticket() override;

 private:
  // Marks the arena's threads, also those that only help a nested parallel_for.
  class Observer final : public tbb::task_scheduler_observer {
   public:
    Observer(State& state, tbb::task_arena& arena);
    ~Observer() override;
    void on_scheduler_entry(bool is_worker) override;
    void on_scheduler_exit(bool is_worker) override;

   private:
    State& state_;
  };

  State& state_;
  tbb::global_control parallelism_;
  tbb::task_arena arena_;
  Observer observer_;
};

}  // namespace troika::host
