// Operations and their order: what was submitted, what must be over before it, who executes it
// when.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "tests/drivers/cuda/fault.h"
#include "tests/drivers/cuda/shadow.h"

namespace cuda_emulator {

struct Context;
struct Op;
using OpPtr = std::shared_ptr<Op>;
using Lock = std::unique_lock<std::mutex>;

// How far each timeline had come where this operation begins.
class Clock {
 public:
  bool has(std::uint32_t timeline, std::uint32_t value) const {
    return timeline < seen_.size() && seen_[timeline] >= value;
  }
  void join(const Clock& other);
  void reach(std::uint32_t timeline, std::uint32_t value);

 private:
  std::vector<std::uint32_t> seen_;
};

struct Op {
  enum class Kind : std::uint8_t { marker, copy, kernel, host, memory };
  using Body = std::function<void(Op&)>;  // throws Fault

  OpId id = 0;
  Kind kind = Kind::marker;
  Context* context = nullptr;
  int device = 0, priority = 0;
  std::string label;  // "kernel saxpy", for messages
  Body body;
  std::function<bool()> held;  // while it says so, the operation does not begin; null: never
  std::uint32_t timeline = 0, value = 0;
  Clock clock;
  std::vector<OpPtr> after;  // until it is done
  std::vector<OpPtr> followers;
  std::size_t blockers = 0;
  bool demanded = false, running = false, done = false;
  bool learnt = false;  // what the host did after the operation was submitted is before it too
  CUresult result = CUDA_SUCCESS;
  std::chrono::steady_clock::time_point ended{};
};

// One a process; all of it is used under the driver's mutex, but for what says otherwise.
class Engine {
 public:
  explicit Engine(std::mutex& mutex);

  std::uint32_t new_timeline() { return timelines_++; }
  // Takes the operation in: it runs once everything in `after` is done.
  void submit(OpPtr op, std::vector<OpPtr> after);
  // Returns when the operation is done; the host has then seen all that was before it.
  void wait(const OpPtr& op, Lock& lock);
  // Whether it is done. Asking is wanting: it will run.
  bool is_done(const OpPtr& op);
  // The host begins a function of a stream's: it knows all that was before.
  void host_saw(const Clock& clock) { host_.join(clock); }
  bool is_idle(int device) const { return pending_[static_cast<std::size_t>(device)] == 0; }
  // Joins the device's threads, once nothing is left for them to do. It may be used again.
  void retire(int device, Lock& lock);
  // Joins every thread: kernels that run fail, and what has not begun never does. At the end of the
  // process.
  void stop(Lock& lock);
  // Any thread. Set for good by stop().
  const std::atomic<bool>& stopping() const { return stopping_; }

  // Any thread. Whether `earlier` was over where the clock was taken; its label.
  bool ordered(OpId earlier, const Clock& clock) const;
  std::string label_of(OpId id) const;

  std::uint64_t kernels = 0, instructions = 0;

 private:
  struct Worker {
    std::vector<OpPtr> ready;
    std::thread thread;
    std::uint64_t life = 0;  // the thread serves while it is the one that the thread began in
  };
  struct Record {
    std::uint32_t timeline, value;
    std::string label;
  };
  void demand(const OpPtr& op);
  void demand_latest(const Worker& worker);
  void serve(std::size_t worker, std::uint64_t life);
  OpPtr choose(Worker& worker);
  void run(const OpPtr& op, Lock& lock);
  void finish(const OpPtr& op);
  Worker& worker_of(const Op& op);
  void start(std::size_t worker);
  void join(std::span<Worker> workers, Lock& lock);

  std::mutex& mutex_;
  std::condition_variable changed_;
  static constexpr std::size_t workers_a_device = 3;  // kernels, host functions, the rest
  std::vector<Worker> workers_;
  std::vector<std::size_t> pending_;
  std::minstd_rand random_;
  Clock host_;
  std::uint32_t timelines_ = 0;
  std::vector<std::uint32_t> values_;
  OpId last_ = 0;
  std::uint64_t submissions_ = 0;  // and waits: what tells an idle host from a busy one
  std::atomic<bool> stopping_{false};
  mutable std::mutex history_mutex_;  // guards history_
  std::vector<Record> history_;
};

}  // namespace cuda_emulator
