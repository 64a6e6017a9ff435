#include "tests/conformance/check.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest-spi.h>

namespace troika::conformance {
namespace {

// How long a thing that must happen may take: a watchdog, on whichever clock the environment has.
constexpr Nanos patience = std::chrono::minutes{1};

}  // namespace

void Recorder::on_advance(const Advance& advance) noexcept {
  const std::scoped_lock lock{mutex_};
  reports_.push_back({advance.reached.value,
                      advance.status,
                      advance.lost,
                      {advance.measured.begin(), advance.measured.end()}});
  if (event_ && (advance.lost || advance.reached.value >= awaited_))
    std::exchange(event_, nullptr)->set();
}

std::vector<Recorder::Report> Recorder::reports() const {
  const std::scoped_lock lock{mutex_};
  return reports_;
}

void Recorder::notify(std::uint64_t value, Event* event) {
  const std::scoped_lock lock{mutex_};
  awaited_ = value;
  event_ = event;
  if (event_ && !reports_.empty() && (reports_.back().lost || reports_.back().value >= value))
    std::exchange(event_, nullptr)->set();
}

void Check::TestBody() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string{info->test_suite_name()} + "." + info->name();
  const auto& exceptions = subject().exceptions;
  const auto exception = std::find_if(exceptions.begin(), exceptions.end(),
                                      [&](const Exception& e) { return e.test == name; });
  if (exception == exceptions.end()) {
    run();
    return;
  }
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter{
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results};
    run();
  }
  bool failed = false;
  for (int i = 0; i < results.size(); ++i) failed = failed || results.GetTestPartResult(i).failed();
  if (!failed) FAIL() << "excepted, but it passes: take it off the subject's list";
  GTEST_SKIP() << "excepted: " << exception->reason;
}

void Check::run() {
  auto opened = subject().open();
  if (!opened.ok() && opened.status().code() == Code::unavailable)
    GTEST_SKIP() << "unavailable: " << opened.status().message();
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  opening_ = std::move(*opened);
  prove();
  for (Guarded& guarded : gates_)
    if (!guarded.opened) guarded.gate->open();
  settle();
  for (auto& each : streams_) each->queue->abandon();
  gates_.clear();
}

void Check::settle() {
  if (streams_.empty()) return;
  Allocation& last = allocate(64);
  for (auto& each : streams_) {
    const auto end = (*each)->fill({row(last, 0, 64), Scalar::of<std::uint8_t>(0)});
    if (end.ok() || end.status().code() != Code::device_lost) arrives(*each, end);
  }
}

Stream& Check::stream(unsigned lane, QueueUse use) {
  auto made = std::make_unique<Stream>();
  made->id = QueueId{static_cast<std::uint32_t>(streams_.size()) + 7};
  auto queue = device().create_queue(made->id, use, lane, made->recorder);
  // Without a queue no check can go on; the message names the cause.
  if (!queue.ok()) throw std::runtime_error{queue.status().to_string()};
  made->queue = std::move(*queue);
  streams_.push_back(std::move(made));
  return *streams_.back();
}

Result<LoadedKernel*> Check::kernel(SuiteKernel which) {
  TROIKA_ASSIGN(const KernelImage image, subject().image(which));
  TROIKA_ASSIGN(auto loaded, device().load(image));
  kernels_.push_back(std::move(loaded));
  return kernels_.back().get();
}

Result<Gate*> Check::gate() {
  TROIKA_ASSIGN(auto made, subject().gate(opening_));
  gates_.push_back({std::move(made)});
  return gates_.back().gate.get();
}

void Check::open(Gate& gate) {
  for (Guarded& guarded : gates_)
    if (guarded.gate.get() == &gate && !std::exchange(guarded.opened, true)) gate.open();
}

Allocation& Check::allocate(std::size_t bytes) {
  auto made = device().memory().allocate({bytes});
  if (!made.ok()) throw std::runtime_error{made.status().to_string()};
  allocations_.push_back(std::move(*made));
  return *allocations_.back();
}

bool Check::arrives(Stream& on, Timepoint point) {
  if (point.trivial()) return true;
  if (Status flushed = on->flush(); !flushed.ok()) {
    ADD_FAILURE() << "flush: " << flushed.to_string();
    return false;
  }
  Event reported;
  on.recorder.notify(point.value, &reported);
  const bool came = environment().wait(reported, environment().now() + patience);
  on.recorder.notify(0, nullptr);
  if (!came) {
    ADD_FAILURE() << "no report of value " << point.value;
    return false;
  }
  const Recorder::Report last = on.recorder.reports().back();
  if (last.value >= point.value) return true;
  ADD_FAILURE() << "lost before value " << point.value << ": " << last.status.to_string();
  return false;
}

bool Check::arrives(Stream& on, const Result<Timepoint>& point) {
  if (point.ok()) return arrives(on, *point);
  ADD_FAILURE() << point.status().to_string();
  return false;
}

bool Check::returns(const std::function<void()>& calls) {
  Event returned;
  std::thread caller{[&] {
    calls();
    returned.set();
  }};
  const bool in_time = returned.wait_until(std::chrono::steady_clock::now() + patience);
  if (!in_time) {
    ADD_FAILURE() << "a call does not return while the device is held";
    for (Guarded& guarded : gates_) open(*guarded.gate);
  }
  caller.join();
  return in_time;
}

void Check::write_bytes(Stream& via, Allocation& to, std::span<const std::byte> bytes) {
  const Span2D span = row(to, 0, bytes.size());
  if (to.host()) {
    if (!arrives(via, via->hand_over({span, Towards::host, true}))) return;
    std::memcpy(to.host(), bytes.data(), bytes.size());
    arrives(via, via->hand_over({span, Towards::device, true}));
    return;
  }
  HostBytes& staged = *host_bytes_.emplace_back(std::make_unique<HostBytes>(bytes.size()));
  std::memcpy(staged.host(), bytes.data(), bytes.size());
  arrives(via, via->copy({row(staged, 0, bytes.size()), span}));
}

void Check::read_bytes(Stream& via, Allocation& from, std::span<std::byte> bytes) {
  const Span2D span = row(from, 0, bytes.size());
  if (from.host()) {
    if (!arrives(via, via->hand_over({span, Towards::host, false}))) return;
    std::memcpy(bytes.data(), from.host(), bytes.size());
    arrives(via, via->hand_over({span, Towards::device, true}));
    return;
  }
  HostBytes& staged = *host_bytes_.emplace_back(std::make_unique<HostBytes>(bytes.size()));
  if (!arrives(via, via->copy({span, row(staged, 0, bytes.size())}))) return;
  std::memcpy(bytes.data(), staged.host(), bytes.size());
}

}  // namespace troika::conformance
