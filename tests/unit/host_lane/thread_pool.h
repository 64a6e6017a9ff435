// The smallest real worker pool: threads that sleep on one queue of jobs.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/device/worker_pool.h"

namespace troika::testing {

class ThreadPool final : public WorkerPool {
 public:
  explicit ThreadPool(unsigned workers) : workers_{workers} {
    for (unsigned slot = 0; slot < workers; ++slot) {
      threads_.emplace_back([this, slot] { work(slot); });
    }
  }
  ~ThreadPool() override {
    {
      const std::scoped_lock lock{mutex_};
      closing_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  unsigned workers() const noexcept override { return workers_; }
  unsigned slots() const noexcept override { return workers_; }
  void enqueue(Job& job) noexcept override {
    {
      const std::scoped_lock lock{mutex_};
      jobs_.push_back(&job);
    }
    changed_.notify_one();
  }
  Status lend(bool) override { return Status{Code::exhausted, "no spares"}; }
  void reclaim() noexcept override {}
  bool is_worker() const noexcept override { return false; }

 private:
  void work(unsigned slot) {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      Job* const job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      job->run(slot);
      lock.lock();
    }
  }

  unsigned workers_;
  std::mutex mutex_;  // protects jobs_ and closing_
  std::condition_variable changed_;
  std::deque<Job*> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace troika::testing
