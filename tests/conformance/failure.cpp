// What the suite demands when kernels fail, devices hang and queues are given up.
#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(failure, a_failing_kernel_reports_its_cause_and_the_queue_goes_on) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * fail, kernel(SuiteKernel::fail));
  Allocation& x = allocate(64);
  ASSERT_TRUE(queue->fill({row(x, 0, 64), Scalar::of(1U)}).ok());
  const auto failed = queue->launch(launch_of(fail, {arg(x)}));
  ASSERT_TRUE(failed.ok());
  const auto after = queue->fill({row(x, 0, 64), Scalar::of(2U)});
  ASSERT_TRUE(arrives(queue, after));
  for (const auto& report : queue.recorder.reports()) {
    EXPECT_FALSE(report.lost);
    if (report.value != failed->value) {
      EXPECT_TRUE(report.status.ok()) << report.value << ": " << report.status.to_string();
    } else {
      EXPECT_EQ(report.status.code(), Code::kernel_failed);
      EXPECT_NE(report.status.message().find(suite_failure), std::string_view::npos)
          << report.status.to_string();
      EXPECT_NE(report.status.message().find(operation_of(SuiteKernel::fail)),
                std::string_view::npos)
          << report.status.to_string();
    }
  }
  const auto reports = queue.recorder.reports();
  EXPECT_TRUE(std::any_of(reports.begin(), reports.end(),
                          [&](const auto& report) { return report.value == failed->value; }));
  EXPECT_EQ(read<std::uint32_t>(queue, x, 16), std::vector<std::uint32_t>(16, 2));
}

TROIKA_PROVE(failure, every_verb_returns_while_the_device_is_held) {
  Stream& queue = stream();
  Stream& second = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  TROIKA_NEED(Gate * held, gate());
  Allocation& x = allocate(256);
  Allocation& y = allocate(256);
  HostBytes pages{4096};
  const std::vector<KernelArg> args{arg(x), arg(1U), arg(1U), arg(std::int32_t{16})};
  // Every lane is held, so that no thread of the device is left to serve a call.
  for (unsigned lane = 0; lane < device().info().lanes; ++lane) {
    Stream& of_lane = lane == 0 ? queue : stream(lane);
    ASSERT_TRUE(held->hold(*of_lane.queue).ok());
    ASSERT_TRUE(of_lane->flush().ok());
  }
  held->wait_until_held();
  std::unique_ptr<Allocation> made;
  std::unique_ptr<Allocation> attached;
  Result<Timepoint> last = Timepoint{};
  Result<Timepoint> behind = Timepoint{};
  const bool returned = returns([&] {
    EXPECT_TRUE(queue->copy({row(x, 0, 256), row(y, 0, 256)}).ok());
    EXPECT_TRUE(queue->fill({row(x, 0, 256), Scalar::of(3U)}).ok());
    EXPECT_TRUE(queue->hand_over({row(x, 0, 256), Towards::host, true}).ok());
    EXPECT_TRUE(queue->hand_over({row(x, 0, 256), Towards::device, true}).ok());
    last = queue->launch(launch_of(mix, args, 16));
    EXPECT_TRUE(last.ok());
    EXPECT_TRUE(second->wait_for(*last).ok());
    behind = second->fill({row(y, 0, 256), Scalar::of(4U)});
    EXPECT_TRUE(behind.ok());
    EXPECT_TRUE(queue->flush().ok());
    EXPECT_TRUE(second->flush().ok());
    EXPECT_LT(queue->reached().value, last->value);
    EXPECT_GT(device().memory().bytes_free(), 0U);
    if (auto room = device().memory().allocate({4096}); room.ok()) made = std::move(*room);
    EXPECT_TRUE(made);
    if (on_host_space())
      if (auto handle = device().memory().attach(pages); handle.ok()) attached = std::move(*handle);
  });
  open(*held);
  if (returned) {
    EXPECT_TRUE(arrives(queue, last));
    EXPECT_TRUE(arrives(second, behind));
  }
}

TROIKA_PROVE(failure, a_queue_can_be_given_up_while_its_launch_never_ends) {
  Stream& queue = stream();
  TROIKA_NEED(Gate * held, gate());
  ASSERT_TRUE(held->hold(*queue.queue).ok());
  ASSERT_TRUE(held->hold(*queue.queue).ok());
  ASSERT_TRUE(queue->flush().ok());
  held->wait_until_held();
  EXPECT_TRUE(returns([&] { queue->abandon(); }));
  EXPECT_TRUE(returns([&] { queue->abandon(); }));
  EXPECT_EQ(queue->reached().value, 0U);
  open(*held);
}

TROIKA_PROVE(failure, nothing_is_reported_after_a_queue_is_given_up) {
  Recorder recorder;
  {
    TROIKA_NEED(Gate * held, gate());
    auto queue = device().create_queue(QueueId{77}, QueueUse::compute, 0, recorder);
    ASSERT_TRUE(queue.ok()) << queue.status().to_string();
    ASSERT_TRUE(held->hold(**queue).ok());
    ASSERT_TRUE((*queue)->flush().ok());
    held->wait_until_held();
    (*queue)->abandon();
    open(*held);
    // By the time that a round trip is over the held launch has long ended.
    Stream& other = stream();
    Allocation& x = allocate(64);
    for (int i = 0; i < 20; ++i)
      ASSERT_TRUE(arrives(other, other->fill({row(x, 0, 64), Scalar::of(1U)})));
  }
  EXPECT_TRUE(recorder.reports().empty());
}

TROIKA_PROVE(failure, what_a_queue_given_up_tells_as_not_begun_never_begins) {
  Stream& queue = stream();
  Stream& other = stream();
  TROIKA_NEED(Gate * held, gate());
  Allocation& x = allocate(64);
  write(other, x, std::vector<std::uint32_t>(16, 1));
  ASSERT_TRUE(held->hold(*queue.queue).ok());
  const auto behind = queue->fill({row(x, 0, 64), Scalar::of(2U)});
  ASSERT_TRUE(behind.ok());
  ASSERT_TRUE(queue->flush().ok());
  held->wait_until_held();
  const Timepoint begun = queue->abandon();
  EXPECT_EQ(begun.queue, behind->queue);
  EXPECT_GE(begun.value, 1U);
  EXPECT_LE(begun.value, behind->value);
  EXPECT_GE(queue->abandon().value, begun.value);
  open(*held);
  for (int i = 0; i < 20; ++i) {
    const auto now = read<std::uint32_t>(other, x, 16);
    if (begun.value < behind->value) {
      EXPECT_EQ(now, std::vector<std::uint32_t>(16, 1));
    }
  }
}

TROIKA_PROVE(failure, the_verbs_of_a_queue_given_up_fail) {
  Stream& queue = stream();
  Allocation& x = allocate(64);
  queue->abandon();
  EXPECT_EQ(queue->fill({row(x, 0, 64), Scalar::of(1U)}).status().code(), Code::device_lost);
  EXPECT_EQ(queue->flush().code(), Code::device_lost);
}
