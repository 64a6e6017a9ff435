// What a host queue and the workers share: its operations, and how far they have come.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backends/host/host.h"

namespace troika::host {

struct Operation {
  enum class Kind : std::uint8_t { copy, fill, launch, wait };

  Kind kind = Kind::copy;
  std::uint64_t value = 0;  // on the timeline; a wait has none
  Span2D from, to;
  Scalar scalar;
  std::shared_ptr<const LoadedFunction> function;
  std::vector<KernelArg> args;
  TaskContext* context = nullptr;
  std::shared_ptr<QueueCore> other;  // a wait: until this one reaches other_value
  std::uint64_t other_value = 0;

  void release() noexcept;  // what it holds; keeps the room for arguments
};

// Idle, it waits for a flush. Scheduled, it is a job in the pool or on a worker. Waiting, another
// queue of the device will resume it; it holds no worker meanwhile. No two cores are locked at
// once.
class QueueCore final : public Job, public std::enable_shared_from_this<QueueCore> {
 public:
  static constexpr std::size_t operations_max = 256;
  // After so many the worker turns to other jobs.
  static constexpr unsigned operations_per_turn = 16;

  QueueCore(QueueId id, Environment& environment, WorkerPool& workers, QueueListener& listener);

  // `describe(operation)` sets all but its value.
  template <class Describe>
  Result<Timepoint> push(Describe&& describe);
  Status flush();
  // The last value that has begun; nothing begins any more.
  std::uint64_t abandon() noexcept;
  // The queue is destroyed: pool, environment and listener may go.
  void orphan() noexcept;
  std::uint64_t reached() const noexcept { return reached_.load(std::memory_order_acquire); }
  QueueId id() const noexcept { return id_; }

  void run(unsigned worker) noexcept override;
  void on_lend() noexcept override;

 private:
  enum class State : std::uint8_t { idle, scheduled, waiting };
  enum class Outlook : std::uint8_t { reached, later, never };
  struct Watcher {
    std::uint64_t value;
    std::shared_ptr<QueueCore> core;
  };

  // Whether `value` is reached; `later` when resume() of `watcher` will be called.
  Outlook watch(std::uint64_t value, std::shared_ptr<QueueCore> watcher);
  void resume() noexcept;

  // These need the lock, and return with it held.
  void schedule();
  bool pass_wait(std::unique_lock<std::mutex>& lock);
  void execute(std::unique_lock<std::mutex>& lock) noexcept;
  void report(std::unique_lock<std::mutex>& lock, const Advance& advance) noexcept;
  void let_report_end(std::unique_lock<std::mutex>& lock);
  Operation& first() noexcept { return ring_[first_]; }
  void pop() noexcept;
  Status given_up() const;

  const QueueId id_;
  std::atomic<std::uint64_t> reached_{0};

  std::mutex mutex_;  // protects all below
  Environment* environment_;
  WorkerPool* workers_;
  QueueListener* listener_;
  std::vector<Operation> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;  // the one that executes included
  std::uint64_t last_value_ = 0;
  std::uint64_t begun_ = 0;
  State state_ = State::idle;
  std::shared_ptr<QueueCore> self_;  // while scheduled: the pool holds a plain reference
  std::vector<Watcher> watchers_;
  Status failed_wait_;  // fails the next operation
  bool executing_ = false;
  bool blocked_ = false;          // what executes waits for other work
  std::uint64_t taken_back_ = 0;  // the last value that never begins for that reason
  bool abandoned_ = false;
  bool lent_ = false;          // the worker that executes was given up
  std::thread::id reporting_;  // the thread inside on_advance
  std::condition_variable reported_;
};

template <class Describe>
Result<Timepoint> QueueCore::push(Describe&& describe) {
  const std::scoped_lock lock{mutex_};
  if (abandoned_) return given_up();
  if (blocked_)
    return Status{Code::exhausted, "queue " + std::to_string(id_.value) + ": operation " +
                                       std::to_string(begun_) + " waits for other work"};
  if (count_ == operations_max)
    return Status{Code::exhausted, "queue " + std::to_string(id_.value) + ": all " +
                                       std::to_string(operations_max) +
                                       " operations are in flight"};
  Operation& operation = ring_[(first_ + count_) % operations_max];
  describe(operation);
  operation.value = operation.kind == Operation::Kind::wait ? 0 : ++last_value_;
  ++count_;
  return Timepoint{id_, operation.value};
}

}  // namespace troika::host
