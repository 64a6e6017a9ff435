// What a stream tells its driver, and when it believes it.
#include "backends/cuda/commands.h"
#include "tests/host_bytes.h"
#include "tests/unit/cuda/scripted_driver.h"

namespace troika::cuda {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class CudaStreamTest : public ScriptedDriver {
 protected:
  std::unique_ptr<Stream> stream(QueueUse use = QueueUse::compute) {
    auto made = make_stream(core, use, waker);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    calls.clear();
    return *std::move(made);
  }
  StreamOperation copy(const Allocation& from, const Allocation& to, std::size_t at = 0,
                       std::size_t bytes = 64) {
    StreamOperation op;
    op.kind = StreamOperation::Kind::copy;
    op.value = ++value;
    op.from = {&from, at, bytes};
    op.to = {&to, at, bytes};
    return op;
  }
  StreamOperation fill() {
    StreamOperation op;
    op.kind = StreamOperation::Kind::fill;
    op.value = ++value;
    op.to = {device.get(), 0, 64};
    op.scalar = Scalar::of<std::uint8_t>(1);
    return op;
  }
  static std::uint64_t reached(Stream& stream) {
    StreamProgress progress;
    stream.poll(progress);
    return progress.reached;
  }

  // " stream3": where the first such call went.
  std::string stream_of(const std::string& call) const {
    for (const std::string& each : calls)
      if (each.starts_with(call + " stream")) return each.substr(call.size());
    return "nowhere";
  }

  std::uint64_t value = 0;
  std::unique_ptr<Allocation> device = *CudaMemory{core}.allocate({4096});
  HostBytes host{4096};
};

TEST_F(CudaStreamTest, an_operation_has_ended_when_its_event_has_happened) {
  const auto one = stream();
  ASSERT_TRUE(one->begin(fill()).ok());
  ASSERT_TRUE(one->submit().ok());
  EXPECT_EQ(reached(*one), 0U);
  finish();
  EXPECT_EQ(reached(*one), 1U);
}

TEST_F(CudaStreamTest, work_behind_another_queue_waits_for_that_operation_and_no_later_one) {
  const auto ahead = stream();
  ASSERT_TRUE(ahead->begin(fill()).ok());
  const std::string first = calls.back();  // record stream event
  ASSERT_TRUE(ahead->begin(fill()).ok());
  const auto behind = stream();
  ASSERT_TRUE(behind->hold_behind(*ahead, 1));
  ASSERT_TRUE(behind->begin(fill()).ok());
  EXPECT_EQ(count("wait"), 1U);
  EXPECT_THAT(calls.front(), HasSubstr(first.substr(first.rfind(' '))));
}

TEST_F(CudaStreamTest, an_event_is_recorded_again_only_when_it_has_happened) {
  const auto one = stream();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(one->begin(fill()).ok());
  for (const auto& [event, times] : recordings) EXPECT_EQ(times, 1U) << event;
  const std::size_t events = recordings.size();
  finish();
  EXPECT_EQ(reached(*one), 3U);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(one->begin(fill()).ok());
  EXPECT_EQ(recordings.size(), events);
}

TEST_F(CudaStreamTest, what_leaves_the_device_runs_beside_what_enters_it) {
  const auto copies = stream(QueueUse::copy);
  ASSERT_TRUE(copies->begin(copy(host, *device, 0)).ok());
  const std::string in = stream_of("in");
  calls.clear();
  ASSERT_TRUE(copies->begin(copy(*device, host, 1024)).ok());
  EXPECT_EQ(count("wait"), 0U);
  EXPECT_EQ(count("out"), 1U);
  EXPECT_EQ(count("out" + in), 0U);
  EXPECT_EQ(count("record" + in), 0U) << "its end is its own stream's";
}

TEST_F(CudaStreamTest, what_leaves_the_device_waits_for_what_enters_the_same_bytes) {
  const auto copies = stream(QueueUse::copy);
  ASSERT_TRUE(copies->begin(copy(host, *device, 0)).ok());
  const std::string entered = calls.back();
  ASSERT_TRUE(copies->begin(copy(*device, host, 32)).ok());
  EXPECT_THAT(calls, Contains(HasSubstr("wait")));
  EXPECT_THAT(calls, Contains(testing::EndsWith(entered.substr(entered.rfind(' ')))));
  // And back: the host's bytes are written by what leaves.
  HostBytes other{4096};
  calls.clear();
  ASSERT_TRUE(copies->begin(copy(host, *device, 64)).ok());
  EXPECT_EQ(count("wait"), 1U);
}

TEST_F(CudaStreamTest, a_wait_for_another_queue_holds_both_ways) {
  const auto kernels = stream();
  ASSERT_TRUE(kernels->begin(fill()).ok());
  const auto copies = stream(QueueUse::copy);
  ASSERT_TRUE(copies->hold_behind(*kernels, 1));
  EXPECT_EQ(count("wait"), 2U);
}

TEST_F(CudaStreamTest, a_sticky_error_is_told_though_no_host_function_runs) {
  const auto one = stream();
  ASSERT_TRUE(one->begin(fill()).ok());
  ASSERT_TRUE(one->submit().ok());
  EXPECT_LT(one->look_again(), std::chrono::seconds{1});
  error = CUDA_ERROR_ILLEGAL_ADDRESS;
  StreamProgress progress;
  one->poll(progress);
  EXPECT_EQ(progress.lost.code(), Code::device_lost);
  EXPECT_THAT(progress.lost.to_string(), HasSubstr("on fake0"));
  EXPECT_THAT(progress.lost.to_string(), HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_EQ(progress.reached, 0U);
}

TEST_F(CudaStreamTest, a_sticky_error_that_a_call_answers_ends_the_device_with_the_flush) {
  const auto one = stream();
  error = CUDA_ERROR_ILLEGAL_ADDRESS;
  EXPECT_EQ(one->begin(fill()).code(), Code::device_lost);
  EXPECT_EQ(one->submit().code(), Code::device_lost);
}

TEST_F(CudaStreamTest, an_idle_stream_is_not_looked_at) {
  const auto one = stream();
  EXPECT_EQ(one->look_again(), forever);
  ASSERT_TRUE(one->begin(fill()).ok());
  finish();
  EXPECT_EQ(reached(*one), 1U);
  EXPECT_EQ(one->look_again(), forever);
}

TEST_F(CudaStreamTest, a_batch_is_noticed_once_and_a_long_one_in_few_parts) {
  const auto one = stream();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(one->begin(fill()).ok());
  ASSERT_TRUE(one->submit().ok());
  EXPECT_EQ(count("notice"), 1U);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(one->begin(fill()).ok());
  ASSERT_TRUE(one->submit().ok());
  EXPECT_LE(count("notice"), 1U + 4U);
}

TEST_F(CudaStreamTest, streams_are_joined_by_no_default_stream_and_copies_go_first) {
  ASSERT_TRUE(make_stream(core, QueueUse::compute, waker).ok());
  ASSERT_TRUE(make_stream(core, QueueUse::copy, waker).ok());
  EXPECT_THAT(calls, Not(Contains(HasSubstr("blocking"))));
  EXPECT_EQ(count("create stream"), 3U);
  EXPECT_THAT(calls, Contains(HasSubstr("priority 0")).Times(1));
  EXPECT_THAT(calls, Contains(HasSubstr("priority -5")).Times(2));
}

TEST_F(CudaStreamTest, memory_taken_since_is_waited_for_once_and_on_both_ways) {
  const auto copies = stream(QueueUse::copy);
  const auto fresh = *CudaMemory{core}.allocate({4096});
  ASSERT_TRUE(copies->begin(copy(host, *fresh)).ok());
  EXPECT_EQ(count("wait"), 2U);
  EXPECT_THAT(calls, Contains(testing::EndsWith("event4")));
  ASSERT_TRUE(copies->begin(copy(host, *fresh, 64)).ok());
  EXPECT_EQ(count("wait"), 2U);
}

TEST_F(CudaStreamTest, an_operation_looks_at_nothing_that_another_kind_left_in_its_slot) {
  const auto one = stream();
  const Buffer left{core, Buffer::Origin::borrowed, 0, host.host(), host.bytes(), 0};
  StreamOperation op = fill();
  op.from = {&left, 0, 64};
  op.args.assign(std::vector<KernelArg>{{{&left, 0, 64}, {}}});
  ASSERT_TRUE(one->begin(op).ok());
  EXPECT_EQ(count("register"), 0U);
}

TEST_F(CudaStreamTest, a_stream_destroys_what_it_created) {
  {
    const auto copies = *make_stream(core, QueueUse::copy, waker);
    ASSERT_TRUE(copies->begin(copy(host, *device)).ok());
  }
  EXPECT_EQ(count("create event"), count("destroy event"));
  EXPECT_EQ(count("create stream"), count("destroy stream"));
}

}  // namespace
}  // namespace troika::cuda
