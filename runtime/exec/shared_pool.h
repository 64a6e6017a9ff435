// The host's workers as both speeds share them: whoever enqueues a job makes the host lane give
// way.
#pragma once

#include <atomic>
#include <memory>

#include "runtime/device/worker_pool.h"
#include "runtime/exec/host_lane.h"

namespace troika {

class SharedPool final : public WorkerPool {
 public:
  explicit SharedPool(std::unique_ptr<WorkerPool> workers) : workers_{std::move(workers)} {}

  // The lane enqueues in inner() and is told of every other job. Null before it goes.
  void set_lane(HostLane* lane) noexcept { lane_.store(lane, std::memory_order_release); }
  WorkerPool& inner() noexcept { return *workers_; }

  unsigned workers() const noexcept override { return workers_->workers(); }
  unsigned slots() const noexcept override { return workers_->slots(); }
  void enqueue(Job& job) noexcept override {
    workers_->enqueue(job);
    if (HostLane* lane = lane_.load(std::memory_order_acquire)) lane->make_way();
  }
  Status lend(bool lost) override { return workers_->lend(lost); }
  void reclaim() noexcept override { workers_->reclaim(); }
  bool is_worker() const noexcept override { return workers_->is_worker(); }
  bool defer(Job& job) noexcept override { return workers_->defer(job); }
  void run_deferred(unsigned worker) noexcept override { workers_->run_deferred(worker); }
  bool join() noexcept override { return workers_->join(); }
  void leave() noexcept override { workers_->leave(); }

 private:
  std::unique_ptr<WorkerPool> workers_;
  std::atomic<HostLane*> lane_{nullptr};
};

}  // namespace troika
