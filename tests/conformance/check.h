// One check of the suite: a fresh device, queues that record what they report, and the means to
// move bytes and wait. Outcomes: pass, fail, unavailable (why) and excepted (why).
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/subject.h"
#include "tests/host_bytes.h"

namespace troika::conformance {

// What one queue reported.
class Recorder final : public QueueListener {
 public:
  struct Report {
    std::uint64_t value;
    Status status;
    bool lost;
    std::vector<Interval> measured;
  };

  void on_advance(const Advance& advance) noexcept override;
  std::vector<Report> reports() const;
  // Sets `event` once `value` or the device's loss is reported, or at once. One at a time.
  void notify(std::uint64_t value, Event* event);

 private:
  mutable std::mutex mutex_;  // protects all below
  std::vector<Report> reports_;
  std::uint64_t awaited_ = 0;
  Event* event_ = nullptr;
};

struct Stream {
  QueueId id;
  Recorder recorder;
  std::unique_ptr<Queue> queue;
  Queue* operator->() const noexcept { return queue.get(); }
};

class Check : public testing::Test {
 public:
  void TestBody() final;

 protected:
  virtual void prove() = 0;

  Device& device() noexcept { return *opening_.device; }
  Environment& environment() noexcept { return *opening_.environment; }
  bool on_host_space() noexcept { return device().memory().space() == host_space; }

  Stream& stream(unsigned lane = 0, QueueUse use = QueueUse::compute);
  Result<LoadedKernel*> kernel(SuiteKernel which);
  // Opened when the check ends, if it was not before.
  Result<Gate*> gate();
  void open(Gate& gate);
  Allocation& allocate(std::size_t bytes);

  // Flushes, and waits until `point` is reported; false when it never is, or the device is lost.
  bool arrives(Stream& on, Timepoint point);
  bool arrives(Stream& on, const Result<Timepoint>& point);
  // Runs `calls` on a thread of its own. False when they do not return, which is a failure; all
  // gates are then opened, so that the check ends.
  bool returns(const std::function<void()>& calls);

  void write_bytes(Stream& via, Allocation& to, std::span<const std::byte> bytes);
  void read_bytes(Stream& via, Allocation& from, std::span<std::byte> bytes);
  template <class T>
  void write(Stream& via, Allocation& to, const std::vector<T>& values) {
    write_bytes(via, to, std::as_bytes(std::span{values}));
  }
  template <class T>
  std::vector<T> read(Stream& via, Allocation& from, std::size_t count) {
    std::vector<T> values(count);
    read_bytes(via, from, std::as_writable_bytes(std::span{values}));
    return values;
  }

  static Span2D row(const Allocation& in, std::size_t offset, std::size_t bytes) {
    return {&in, offset, bytes, 1, bytes};
  }
  static KernelArg arg(const Allocation& in, std::size_t offset = 0) {
    return {row(in, offset, in.bytes() - offset), {}};
  }
  template <class T>
  requires(!std::is_base_of_v<Allocation, T>) static KernelArg arg(T value) {
    return {{}, Scalar::of(value)};
  }
  static LaunchOp launch_of(LoadedKernel* kernel, const std::vector<KernelArg>& args,
                            std::size_t width = 1, std::size_t height = 1) {
    return {kernel, args, {{width, height, 1}, {0, 0, 0}}, nullptr};
  }

 private:
  struct Guarded {
    std::unique_ptr<Gate> gate;
    bool opened = false;
  };

  void run();
  // Waits until every queue that was not given up has reached its end: what is in flight may touch
  // memory and kernels that go with the check.
  void settle();

  // Destroyed from the last to the first: queues, then what they use, then the device.
  Opening opening_;
  std::vector<std::unique_ptr<Allocation>> allocations_;
  std::vector<std::unique_ptr<HostBytes>> host_bytes_;
  std::vector<std::unique_ptr<LoadedKernel>> kernels_;
  std::vector<Guarded> gates_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace troika::conformance

// TROIKA_PROVE(queue, copies_rows_with_different_pitches) { … }: a check of a chapter.
#define TROIKA_PROVE(chapter, sentence)                                                      \
  namespace {                                                                                \
  class chapter##_##sentence final : public ::troika::conformance::Check {                   \
    void prove() override;                                                                   \
  };                                                                                         \
  [[maybe_unused]] const auto* const chapter##_##sentence##_check = ::testing::RegisterTest( \
      #chapter, #sentence, nullptr, nullptr, __FILE__, __LINE__,                             \
      []() -> ::troika::conformance::Check* { return new chapter##_##sentence; });           \
  }                                                                                          \
  void chapter##_##sentence::prove()

// Declares `target`; where the subject does not have it, the check is unavailable.
#define TROIKA_NEED(target, expression) \
  TROIKA_NEED_(TROIKA_CONCAT(troika_need_, __LINE__), target, expression)
#define TROIKA_NEED_(result, target, expression)                             \
  auto result = (expression);                                                \
  if (!result.ok() && result.status().code() == ::troika::Code::unsupported) \
    GTEST_SKIP() << "unavailable: " << result.status().message();            \
  ASSERT_TRUE(result.ok()) << result.status().to_string();                   \
  target = *std::move(result)
