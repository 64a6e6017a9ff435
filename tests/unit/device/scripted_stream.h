// Queues on a vendor of the test's own: it begins, ends and refuses when the test says so.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "runtime/base/environment.h"
#include "runtime/device/driver_thread.h"

namespace troika {

class Bytes final : public Allocation {
 public:
  Bytes() : Allocation{host_space, 64, nullptr} {}
};

// Keeps every report; a test waits for a value.
class Listener final : public QueueListener {
 public:
  struct Report {
    Timepoint reached;
    Status status;
    bool lost;
    std::vector<Interval> measured;
  };

  void on_advance(const Advance& advance) noexcept override {
    const std::scoped_lock lock{mutex_};
    reports_.push_back({advance.reached,
                        advance.status,
                        advance.lost,
                        {advance.measured.begin(), advance.measured.end()}});
    changed_.notify_all();
  }
  template <class Done>
  std::vector<Report> wait(Done&& done) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return done(reports_); });
    return reports_;
  }
  std::vector<Report> wait_for_value(std::uint64_t value) {
    return wait([value](const auto& r) { return !r.empty() && r.back().reached.value >= value; });
  }
  std::vector<Report> reports() {
    const std::scoped_lock lock{mutex_};
    return reports_;
  }

 private:
  std::mutex mutex_;  // protects reports_
  std::condition_variable changed_;
  std::vector<Report> reports_;
};

// What a test sees of and does to a stream; outlives it.
struct Vendor {
  std::mutex mutex;  // protects what follows
  std::vector<std::uint64_t> begun;
  std::vector<float> scalars;
  std::uint64_t finished = 0;  // what the "hardware" has ended
  std::size_t submits = 0, polls = 0;
  std::uint64_t refuse = 0, fail = 0, nothing_to_do = 0;
  bool lose = false, refuse_submit = false;
  bool holds_behind = false;               // as if it could wait for its other streams
  std::vector<std::uint64_t> held_behind;  // what it was to wait for
  sigset_t blocked{};
  bool synchronous = true;   // an operation has ended when begin() returns
  Event* entered = nullptr;  // set when begin() is entered
  Event* gate = nullptr;     // begin() blocks on it
  std::thread::id begun_on, destroyed_on;
  Event destroyed;

  std::vector<std::uint64_t> seen() {
    const std::scoped_lock lock{mutex};
    return begun;
  }
};

class ScriptedStream final : public Stream {
 public:
  explicit ScriptedStream(Vendor& vendor) : vendor_{vendor} {}
  ~ScriptedStream() override {
    vendor_.destroyed_on = std::this_thread::get_id();
    vendor_.destroyed.set();
  }

  Result<bool> accept(const StreamOperation& op) override {
    if (op.kind == StreamOperation::Kind::fill && op.to.row_bytes > 64)
      return Status{Code::out_of_range, "fill: beyond the allocation"};
    return op.kind != StreamOperation::Kind::hand_over;
  }
  bool hold_behind(const Stream&, std::uint64_t value) override {
    const std::scoped_lock lock{vendor_.mutex};
    if (vendor_.holds_behind) vendor_.held_behind.push_back(value);
    return vendor_.holds_behind;
  }
  Status begin(const StreamOperation& op) override {
    if (vendor_.entered) vendor_.entered->set();
    if (vendor_.gate) vendor_.gate->wait();
    const std::scoped_lock lock{vendor_.mutex};
    pthread_sigmask(SIG_BLOCK, nullptr, &vendor_.blocked);
    vendor_.begun_on = std::this_thread::get_id();
    vendor_.begun.push_back(op.value);
    if (op.kind == StreamOperation::Kind::launch)
      for (const KernelArg& arg : op.args.view()) vendor_.scalars.push_back(arg.scalar.as<float>());
    if (op.value == vendor_.refuse) return {Code::kernel_failed, "refused"};
    last_ = op.value;
    return {};
  }
  Status submit() override {
    const std::scoped_lock lock{vendor_.mutex};
    ++vendor_.submits;
    if (vendor_.refuse_submit) return {Code::internal, "flush: no device"};
    return {};
  }
  void poll(StreamProgress& progress) override {
    const std::scoped_lock lock{vendor_.mutex};
    ++vendor_.polls;
    if (vendor_.lose) progress.lost = {Code::device_lost, "fell off the bus"};
    const std::uint64_t ended = vendor_.synchronous ? last_ : std::min(last_, vendor_.finished);
    for (std::uint64_t v = progress.reached + 1; v <= ended; ++v) {
      if (v == vendor_.fail) progress.failed.push_back({v, {Code::kernel_failed, "trapped"}});
      progress.measured.push_back({v, Nanos{v * 10}, Nanos{v * 10 + 5}});
    }
    progress.reached = ended;
  }

 private:
  Vendor& vendor_;
  std::uint64_t last_ = 0;
};

class DriverThreadTest : public testing::Test {
 protected:
  std::unique_ptr<Queue> queue(Vendor& vendor, std::uint32_t id = 0, std::size_t capacity = 8) {
    return driver.create_queue(QueueId{id}, std::make_unique<ScriptedStream>(vendor), listeners[id],
                               capacity);
  }
  Result<Timepoint> push(Queue& to) { return to.fill({{&bytes, 0, 4}, Scalar::of(1.0F)}); }
  void finish(Vendor& vendor, std::uint64_t value) {
    {
      const std::scoped_lock lock{vendor.mutex};
      vendor.finished = value;
    }
    driver.waker()->wake();
  }

  Bytes bytes;
  Listener listeners[3];
  Vendor a, b;
  DriverThread driver{"troika-test"};
};

}  // namespace troika
