#include "runtime/device/driver_thread.h"

#include <time.h>

#include "tests/unit/device/scripted_stream.h"

namespace troika {
namespace {

using testing::HasSubstr;

TEST_F(DriverThreadTest, begins_in_order_and_numbers_from_one) {
  auto q = queue(a);
  for (std::uint64_t v = 1; v <= 5; ++v) EXPECT_EQ(push(*q)->value, v);
  ASSERT_TRUE(q->flush().ok());
  const auto reports = listeners[0].wait_for_value(5);
  EXPECT_EQ(a.seen(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(q->reached(), (Timepoint{QueueId{0}, 5}));
  for (const auto& report : reports) EXPECT_TRUE(report.status.ok());
}

TEST_F(DriverThreadTest, begins_nothing_before_a_flush) {
  auto q = queue(a);
  auto other = queue(b, 1);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(push(*other).ok());
  ASSERT_TRUE(other->flush().ok());
  listeners[1].wait_for_value(1);
  EXPECT_TRUE(a.seen().empty());
}

TEST_F(DriverThreadTest, verbs_return_while_the_vendor_blocks) {
  Event entered, gate;
  a.entered = &entered;
  a.gate = &gate;
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  entered.wait();
  // The driver thread is inside begin(): every verb below would hang if it waited for it.
  EXPECT_EQ(push(*q)->value, 2U);
  EXPECT_TRUE(q->flush().ok());
  EXPECT_EQ(q->reached().value, 0U);
  EXPECT_TRUE(listeners[0].reports().empty());
  gate.set();
  listeners[0].wait_for_value(2);
}

TEST_F(DriverThreadTest, a_full_ring_is_exhausted_until_something_is_reached) {
  a.synchronous = false;
  auto q = queue(a, 0, 3);
  EXPECT_EQ(q->capacity(), 3U);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  const auto full = push(*q);
  EXPECT_EQ(full.status().code(), Code::exhausted);
  EXPECT_THAT(full.status().to_string(), HasSubstr("its limit of 3 operations"));
  finish(a, 1);
  listeners[0].wait_for_value(1);
  EXPECT_EQ(push(*q)->value, 4U);
  EXPECT_EQ(push(*q).status().code(), Code::exhausted);
  ASSERT_TRUE(q->flush().ok());
  finish(a, 4);
  listeners[0].wait_for_value(4);
}

TEST_F(DriverThreadTest, each_failure_is_reported_alone_and_the_rest_still_runs) {
  a.refuse = 2;
  a.fail = 4;
  a.synchronous = false;
  auto q = queue(a);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  finish(a, 5);
  const auto reports = listeners[0].wait_for_value(5);
  std::vector<std::pair<std::uint64_t, Code>> told;
  for (const auto& report : reports) told.emplace_back(report.reached.value, report.status.code());
  // Successes before a failure are told by the failure's report, unless they were reached earlier.
  std::erase_if(told, [](const auto& t) { return t.second == Code::ok && t.first != 5; });
  EXPECT_EQ(told, (std::vector<std::pair<std::uint64_t, Code>>{
                      {2, Code::kernel_failed}, {4, Code::kernel_failed}, {5, Code::ok}}));
  EXPECT_EQ(a.seen().size(), 5U);
}

TEST_F(DriverThreadTest, a_refused_operation_is_not_over_before_the_one_in_front_of_it) {
  a.refuse = 2;
  a.synchronous = false;
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  auto barrier = queue(b, 1);
  ASSERT_TRUE(push(*barrier).ok());
  ASSERT_TRUE(barrier->flush().ok());
  listeners[1].wait_for_value(1);  // the driver has passed over the first queue
  EXPECT_EQ(q->reached().value, 0U);
  finish(a, 1);
  EXPECT_EQ(listeners[0].wait_for_value(2).back().status.code(), Code::kernel_failed);
}

TEST_F(DriverThreadTest, every_interval_is_told_once_in_the_report_that_covers_it) {
  a.fail = 2;
  a.synchronous = false;
  auto q = queue(a);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  finish(a, 3);
  std::vector<std::uint64_t> measured;
  for (const auto& report : listeners[0].wait_for_value(3))
    for (const Interval& interval : report.measured) {
      EXPECT_LE(interval.value, report.reached.value);
      measured.push_back(interval.value);
    }
  EXPECT_EQ(measured, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(DriverThreadTest, a_flush_of_nothing_new_is_owed_a_report_too) {
  a.fail = 1;
  auto q = queue(a);
  ASSERT_TRUE(q->flush().ok());
  EXPECT_EQ(listeners[0].wait_for_value(0).size(), 1U);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  listeners[0].wait_for_value(1);
  ASSERT_TRUE(q->flush().ok());
  const auto reports = listeners[0].wait([](const auto& r) { return r.size() == 3; });
  EXPECT_EQ(reports[2].reached.value, 1U);
  EXPECT_EQ(reports[2].status.code(), Code::kernel_failed);  // still that of the operation there
}

TEST_F(DriverThreadTest, arguments_are_copied_before_a_launch_returns) {
  class Nop final : public LoadedKernel {};
  const Nop kernel;
  auto q = queue(a);
  for (const std::size_t count : {std::size_t{2}, ArgList::inline_args + 4}) {
    std::vector<KernelArg> args(count);
    for (std::size_t i = 0; i < count; ++i) args[i].scalar = Scalar::of(static_cast<float>(i));
    ASSERT_TRUE(q->launch({&kernel, args, {}, nullptr}).ok());
    for (KernelArg& arg : args) arg.scalar = Scalar::of(-1.0F);
  }
  ASSERT_TRUE(q->flush().ok());
  listeners[0].wait_for_value(2);
  std::vector<float> expected{0, 1};
  for (std::size_t i = 0; i < ArgList::inline_args + 4; ++i)
    expected.push_back(static_cast<float>(i));
  EXPECT_EQ(a.scalars, expected);
}

TEST_F(DriverThreadTest, what_the_vendor_finds_wrong_or_needless_enqueues_nothing) {
  auto q = queue(a);
  EXPECT_EQ(q->fill({{&bytes, 0, 128}, Scalar::of(1.0F)}).status().code(), Code::out_of_range);
  EXPECT_EQ(q->hand_over({{&bytes, 0, 4}, Towards::host, false})->value, 0U);
  EXPECT_EQ(push(*q)->value, 1U);
}

TEST_F(DriverThreadTest, a_mistaken_call_is_refused) {
  auto q = queue(a);
  EXPECT_EQ(q->launch({}).status().code(), Code::invalid_argument);
  EXPECT_EQ(q->hand_over({}).status().code(), Code::invalid_argument);
  EXPECT_EQ(q->copy({{&bytes, 0, 4}, {&bytes, 8, 8}}).status().code(), Code::invalid_argument);
  EXPECT_EQ(q->fill({{&bytes, 0, 3}, Scalar::of(1.0F)}).status().code(), Code::invalid_argument);
  EXPECT_EQ(q->wait_for({QueueId{9}, 1}).code(), Code::invalid_argument);
  auto other = queue(b, 1);
  EXPECT_EQ(q->wait_for({QueueId{1}, 1}).code(), Code::invalid_argument);
}

TEST_F(DriverThreadTest, a_lost_device_is_told_once_and_nothing_follows) {
  a.synchronous = false;
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  {
    const std::scoped_lock lock{a.mutex};
    a.lose = true;
  }
  driver.waker()->wake();
  const auto reports = listeners[0].wait([](const auto& r) { return !r.empty(); });
  EXPECT_TRUE(reports.back().lost);
  EXPECT_EQ(reports.back().status.to_string(), "device_lost: fell off the bus");
  finish(a, 1);
  auto other = queue(b, 1);
  ASSERT_TRUE(push(*other).ok());
  ASSERT_TRUE(other->flush().ok());
  listeners[1].wait_for_value(1);
  EXPECT_EQ(listeners[0].reports().size(), 1U);
  q->abandon();
}

TEST_F(DriverThreadTest, a_refused_submission_loses_the_device) {
  a.refuse_submit = true;
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  EXPECT_TRUE(listeners[0].wait([](const auto& r) { return !r.empty(); }).back().lost);
  q->abandon();
}

TEST_F(DriverThreadTest, nothing_is_reported_after_abandon_and_verbs_say_so) {
  Event entered, gate;
  a.entered = &entered;
  a.gate = &gate;
  auto q = queue(a);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  entered.wait();
  EXPECT_EQ(q->abandon(), (Timepoint{QueueId{0}, 1}));
  EXPECT_EQ(push(*q).status().code(), Code::device_lost);
  EXPECT_EQ(q->flush().code(), Code::device_lost);
  gate.set();
  q.reset();
  a.destroyed.wait();
  EXPECT_TRUE(listeners[0].reports().empty());
  EXPECT_EQ(a.seen(), (std::vector<std::uint64_t>{1}));  // what was not begun never is
}

TEST_F(DriverThreadTest, an_operation_reaches_its_stream_before_abandon_or_never) {
  for (int i = 0; i < 300; ++i) {
    Vendor vendor;
    auto q = queue(vendor);
    for (int each = 0; each < 8; ++each) ASSERT_TRUE(push(*q).ok());
    ASSERT_TRUE(q->flush().ok());
    while (vendor.seen().empty()) std::this_thread::yield();
    const std::uint64_t begun = q->abandon().value;
    q.reset();
    vendor.destroyed.wait();
    EXPECT_LE(vendor.seen().size(), begun);
  }
}

TEST_F(DriverThreadTest, streams_are_used_and_destroyed_on_one_thread_with_signals_blocked) {
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  listeners[0].wait_for_value(1);
  q.reset();
  a.destroyed.wait();
  EXPECT_NE(a.begun_on, std::this_thread::get_id());
  EXPECT_EQ(a.begun_on, a.destroyed_on);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGPROF})
    EXPECT_EQ(sigismember(&a.blocked, signal), 1) << signal;
}

TEST_F(DriverThreadTest, an_idle_thread_burns_nothing) {
  a.synchronous = false;
  auto q = queue(a);
  ASSERT_TRUE(push(*q).ok());
  ASSERT_TRUE(q->flush().ok());
  auto other = queue(b, 1);
  // With an operation in flight for good, each pass below is one that somebody asked for: a flush
  // wakes the thread once, and it looks again after a pass that moved something.
  for (std::uint64_t v = 1; v <= 4; ++v) {
    ASSERT_TRUE(push(*other).ok());
    ASSERT_TRUE(other->flush().ok());
    listeners[1].wait_for_value(v);
  }
  EXPECT_EQ(a.seen().size(), 1U);
  for (int i = 0; i < 10'000; ++i) std::this_thread::yield();  // room for one that never sleeps
  const std::scoped_lock lock{a.mutex};
  EXPECT_EQ(a.submits, 1U);
  EXPECT_LE(a.polls, 20U);
  q->abandon();
}

// What follows is seen by the race detector alone.
TEST_F(DriverThreadTest, who_sees_a_point_reached_sees_what_was_done_up_to_there) {
  for (int round = 0; round < 20; ++round) {
    Vendor vendor;
    auto q =
        driver.create_queue(QueueId{0}, std::make_unique<ScriptedStream>(vendor), listeners[0], 8);
    ASSERT_TRUE(push(*q).ok());
    ASSERT_TRUE(q->flush().ok());
    while (q->reached().value < 1) std::this_thread::yield();
    EXPECT_EQ(vendor.begun.front(), 1U);
    q.reset();
    vendor.destroyed.wait();
  }
}

TEST_F(DriverThreadTest, a_stream_sees_every_operation_as_it_was_when_it_was_flushed) {
  constexpr std::uint64_t operations = 20'000;
  const auto q = queue(a, 0, 64);
  for (std::uint64_t pushed = 0; pushed < operations;) {
    const auto done = push(*q);
    if (!done.ok()) {
      ASSERT_EQ(done.status().code(), Code::exhausted);
      std::this_thread::yield();
      continue;
    }
    ++pushed;
    ASSERT_TRUE(q->flush().ok());
  }
  listeners[0].wait_for_value(operations);
  EXPECT_EQ(a.seen().size(), operations);
}

TEST(DriverThread, a_vendor_call_that_never_returns_does_not_hold_up_the_owner) {
  // Both outlive the test on purpose: the thread is still inside the call when the process ends.
  static Event& gate = *new Event;
  static Vendor& vendor = *new Vendor;
  Event entered;
  vendor.entered = &entered;
  vendor.gate = &gate;
  Listener listener;
  Bytes bytes;
  auto driver = std::make_unique<DriverThread>("troika-hung");
  auto q = driver->create_queue(QueueId{0}, std::make_unique<ScriptedStream>(vendor), listener, 4);
  ASSERT_TRUE(q->fill({{&bytes, 0, 4}, Scalar::of(1.0F)}).ok());
  ASSERT_TRUE(q->flush().ok());
  entered.wait();
  vendor.entered = nullptr;
  q->abandon();
  q.reset();
  driver.reset();  // returns although the gate is shut
  gate.set();
  vendor.destroyed.wait();
}

}  // namespace
}  // namespace troika
