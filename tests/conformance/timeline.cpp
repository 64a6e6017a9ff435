// What the suite demands of timepoints and reports.
#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(timeline, timepoints_name_their_queue_and_grow) {
  Stream& queue = stream();
  Allocation& x = allocate(64);
  EXPECT_EQ(queue->reached(), (Timepoint{queue.id, 0}));
  std::uint64_t before = 0;
  Result<Timepoint> last = Timepoint{};
  for (int i = 0; i < 10; ++i) {
    last = queue->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(1)});
    ASSERT_TRUE(last.ok());
    EXPECT_EQ(last->queue, queue.id);
    EXPECT_GT(last->value, before);
    before = last->value;
  }
  ASSERT_TRUE(arrives(queue, last));
  EXPECT_EQ(queue->reached(), *last);
}

TROIKA_PROVE(timeline, reports_come_in_order_and_end_at_the_last_point) {
  Stream& queue = stream();
  Allocation& x = allocate(64);
  Result<Timepoint> last = Timepoint{};
  for (int burst = 0; burst < 10; ++burst) {
    for (int i = 0; i < 10; ++i) last = queue->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(1)});
    ASSERT_TRUE(queue->flush().ok());
  }
  ASSERT_TRUE(arrives(queue, last));
  std::uint64_t before = 0;
  for (const auto& report : queue.recorder.reports()) {
    // A flush is owed a report even if all that it sends off was reported before: the same again.
    EXPECT_GE(report.value, before);
    EXPECT_TRUE(report.status.ok()) << report.status.to_string();
    EXPECT_FALSE(report.lost);
    before = report.value;
  }
  EXPECT_EQ(before, last->value);
}

TROIKA_PROVE(timeline, reached_never_lags_behind_a_report) {
  // A listener that compares within the report itself.
  struct Comparing final : QueueListener {
    void on_advance(const Advance& advance) noexcept override {
      if (queue->reached().value < advance.reached.value) lagged = true;
      if (advance.reached.value >= 50) done.set();
    }
    Queue* queue = nullptr;
    std::atomic<bool> lagged{false};
    Event done;
  } listener;
  Allocation& x = allocate(64);
  auto queue = device().create_queue(QueueId{99}, QueueUse::compute, 0, listener);
  ASSERT_TRUE(queue.ok()) << queue.status().to_string();
  listener.queue = queue->get();
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE((*queue)->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(1)}).ok());
  ASSERT_TRUE((*queue)->flush().ok());
  EXPECT_TRUE(environment().wait(listener.done, environment().now() + std::chrono::minutes{1}));
  (*queue)->abandon();
  EXPECT_FALSE(listener.lagged);
}

TROIKA_PROVE(timeline, nothing_passes_a_wait_for_another_queue) {
  if (device().info().lanes < 2) GTEST_SKIP() << "unavailable: the device has one lane";
  Stream& ahead = stream(0);
  Stream& behind = stream(1);
  Stream& beside = stream(1);
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  TROIKA_NEED(Gate * held, gate());
  Allocation& x = allocate(64);
  Allocation& z = allocate(64);
  write(ahead, x, std::vector<std::uint32_t>(16, 1));
  const std::int32_t n = 16;
  ASSERT_TRUE(held->hold(*ahead.queue).ok());
  const auto first = ahead->launch(launch_of(mix, {arg(x), arg(10U), arg(2U), arg(n)}, 16));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(ahead->flush().ok());
  held->wait_until_held();
  ASSERT_TRUE(behind->wait_for(*first).ok());
  const auto second = behind->launch(launch_of(mix, {arg(x), arg(7U), arg(5U), arg(n)}, 16));
  ASSERT_TRUE(behind->flush().ok());
  // Work enqueued later elsewhere gets through, so the waiting queue had its turn and kept still.
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(arrives(beside, beside->fill({row(z, 0, 64), Scalar::of<std::uint8_t>(1)})));
  EXPECT_EQ(behind->reached().value, 0U);
  open(*held);
  ASSERT_TRUE(arrives(behind, second));
  EXPECT_GE(ahead->reached().value, first->value);
  EXPECT_EQ(read<std::uint32_t>(behind, x, 16), std::vector<std::uint32_t>(16, 12 * 7 + 5));
}

TROIKA_PROVE(timeline, a_wait_for_a_reached_point_or_none_is_passed) {
  Stream& one = stream();
  Stream& other = stream();
  Allocation& x = allocate(64);
  const auto done = one->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(1)});
  ASSERT_TRUE(arrives(one, done));
  EXPECT_TRUE(other->wait_for(*done).ok());
  EXPECT_TRUE(other->wait_for(Timepoint{one.id, 0}).ok());
  EXPECT_TRUE(arrives(other, other->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(2)})));
}

TROIKA_PROVE(timeline, launches_are_measured_in_order_on_the_environments_clock) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  Allocation& x = allocate(64);
  const Nanos before = environment().now();
  Result<Timepoint> last = Timepoint{};
  for (int i = 0; i < 5; ++i)
    last = queue->launch(launch_of(mix, {arg(x), arg(1U), arg(1U), arg(std::int32_t{16})}, 16));
  ASSERT_TRUE(arrives(queue, last));
  const Nanos after = environment().now();
  std::vector<Interval> measured;
  for (const auto& report : queue.recorder.reports())
    measured.insert(measured.end(), report.measured.begin(), report.measured.end());
  if (measured.empty()) GTEST_SKIP() << "unavailable: the device does not measure launches";
  Nanos end = before;
  for (const Interval& interval : measured) {
    EXPECT_GE(interval.begin, end);
    EXPECT_GE(interval.end, interval.begin);
    end = interval.end;
  }
  EXPECT_LE(end, after);
}
