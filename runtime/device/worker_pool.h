// Threads that run host work, as the layers above see them.
#pragma once

#include "runtime/base/status.h"

namespace troika {

// Something a worker runs once for each time it was enqueued.
class Job {
 public:
  // On one of the pool's threads. `worker` is that thread's slot, below WorkerPool::slots().
  virtual void run(unsigned worker) noexcept = 0;
  // Inside run(), on the same thread: it has lent its worker's place and may wait for long.
  virtual void on_lend() noexcept {}

 protected:
  ~Job() = default;
};

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;

  // Threads that run jobs at the same time, as planned.
  virtual unsigned workers() const noexcept = 0;
  // One more than the highest slot number a job may be given: workers plus the limit on spares.
  virtual unsigned slots() const noexcept = 0;
  // Any thread, a job's own included; never runs it before returning. Jobs begin in about the order
  // they were enqueued. The job outlives its run.
  virtual void enqueue(Job& job) noexcept = 0;
  // The calling worker is about to block (or, `lost`, will never come back): another thread takes
  // its place. Code::exhausted at the limit on spares.
  virtual Status lend(bool lost) = 0;
  // The worker that lent its place is back.
  virtual void reclaim() noexcept = 0;
  // Whether the calling thread is one of the pool's.
  virtual bool is_worker() const noexcept = 0;
};

}  // namespace troika
