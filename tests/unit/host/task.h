// What the tests of the host's workers run, and on which pool.
#pragma once

#include <atomic>
#include <functional>

#include "backends/host/workers.h"

namespace troika::host {

// Declared before the pool, whose destructor waits for the runs that still return.
class Task final : public Job {
 public:
  using Body = std::function<void(Workers& pool, unsigned worker)>;

  explicit Task(Body body) : body_{std::move(body)} {}
  void enqueue_on(Workers& pool) {
    pool_ = &pool;
    pool.enqueue(*this);
  }
  void run(unsigned worker) noexcept override { body_(*pool_, worker); }

 private:
  Body body_;
  std::atomic<Workers*> pool_{nullptr};
};

// Nobody stands in for oneTBB's threads: a job that is left behind is never run.
inline WorkersOptions without_watch(unsigned workers) {
  WorkersOptions options;
  options.workers = workers;
  options.muster_patience = std::chrono::minutes{1};
  options.watch_patience = std::chrono::hours{24};
  return options;
}

}  // namespace troika::host
