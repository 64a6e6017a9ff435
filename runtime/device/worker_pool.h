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
  // Whether it calls WorkerPool::run_deferred() soon after what it does has deferred something.
  virtual bool takes_deferred() const noexcept { return false; }

 protected:
  ~Job() = default;
};

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;

  // Threads that run jobs at the same time, as planned.
  virtual unsigned workers() const noexcept = 0;
  // One more than the highest slot number a job may be given.
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

  // Work that follows from a job and needs no other thread: within the run() of a job that takes
  // deferred ones, true means that the calling thread will run this one when that job calls
  // run_deferred() or returns. A pool may never say so.
  virtual bool defer(Job& /*job*/) noexcept { return false; }
  virtual void run_deferred(unsigned /*worker*/) noexcept {}

  // True: a thread that is none of the pool's is one until it calls leave(). The first job that it
  // enqueues in between is kept for it and run by leave(), with no other thread woken. False: no
  // worker's place is free, or the pool takes in nobody; leave() is not to be called.
  virtual bool join() noexcept { return false; }
  virtual void leave() noexcept {}
};

// What its caller starts while it lives is run by the caller, as far as a place is free.
class Guest {
 public:
  explicit Guest(WorkerPool& pool) noexcept : pool_{pool.join() ? &pool : nullptr} {}
  ~Guest() {
    if (pool_ != nullptr) pool_->leave();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  WorkerPool* const pool_;
};

}  // namespace troika
