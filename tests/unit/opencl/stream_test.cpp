// A stream on a vendor of the test's own: it ends commands, well or badly, when the test says so.
#include <functional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/opencl/opencl.h"
#include "runtime/exec/service_thread.h"

// The headers leave these to the vendor.
struct _cl_event {
  cl_int status = CL_QUEUED;
  cl_ulong begin = 0, end = 0;
  std::function<void()> callback;
};
struct _cl_command_queue {};
struct _cl_kernel {};

namespace troika::opencl {
namespace {

using testing::HasSubstr;

// One at a time, since a vendor's functions have no place for a `this`.
class FakeVendor {
 public:
  FakeVendor() {
    self = this;
    api.CreateCommandQueue = [](auto, auto, auto, cl_int* error) {
      *error = CL_SUCCESS;
      return &self->queue_;
    };
    api.ReleaseCommandQueue = [](auto) -> cl_int { return CL_SUCCESS; };
    api.ReleaseKernel = [](auto) -> cl_int { return CL_SUCCESS; };
    api.EnqueueNDRangeKernel = [](auto, auto, auto, auto, auto, auto, auto, auto, cl_event* event) {
      return self->enqueue(event);
    };
    api.EnqueueMarkerWithWaitList = [](auto, auto, auto, cl_event* event) {
      return self->enqueue(event);
    };
    api.EnqueueBarrierWithWaitList = [](auto, cl_uint count, const cl_event* events,
                                        cl_event*) -> cl_int {
      self->barriers.push_back({self->begun.size(), {events, events + count}});
      return self->barrier_answer;
    };
    api.SetEventCallback = [](cl_event event, cl_int, auto call, void* data) {
      if (self->callback_answer != CL_SUCCESS) return self->callback_answer;
      event->callback = [=] { call(event, CL_COMPLETE, data); };
      if (self->done_before_asked) self->end(event, CL_COMPLETE);
      return cl_int{CL_SUCCESS};
    };
    api.GetEventInfo = [](cl_event event, auto, auto, void* into, auto) -> cl_int {
      *static_cast<cl_int*>(into) = event->status;
      return CL_SUCCESS;
    };
    api.GetEventProfilingInfo = [](cl_event event, cl_profiling_info which, auto, void* into,
                                   auto) -> cl_int {
      *static_cast<cl_ulong*>(into) = which == CL_PROFILING_COMMAND_END ? event->end : event->begin;
      return CL_SUCCESS;
    };
    api.ReleaseEvent = [](cl_event event) -> cl_int {
      EXPECT_EQ(self->events_.erase(event), 1U) << "an event released twice";
      // The vendor keeps what it has yet to call back for.
      if (event->callback) self->owed_.insert(event);
      else delete event;
      return CL_SUCCESS;
    };
    api.Flush = [](auto) { return self->flush_answer; };
  }
  ~FakeVendor() {
    EXPECT_TRUE(events_.empty()) << "an event was never released";
    while (!owed_.empty()) end(*owed_.begin(), CL_COMPLETE);
  }
  FakeVendor(const FakeVendor&) = delete;
  FakeVendor& operator=(const FakeVendor&) = delete;

  // Every command that was enqueued ends.
  void end_all(cl_int status = CL_COMPLETE) {
    for (cl_event event : std::vector(begun.begin(), begun.end())) end(event, status);
  }
  void end(cl_event event, cl_int status) {
    event->status = status;
    if (const auto callback = std::exchange(event->callback, {})) callback();
    if (owed_.erase(event) != 0) delete event;
  }

  struct Barrier {
    std::size_t before;  // so many commands lie in front of it, in whatever queue
    std::vector<cl_event> behind;
  };

  Api api;
  std::vector<cl_event> begun;  // in order
  std::vector<Barrier> barriers;
  bool done_before_asked = false;
  cl_int enqueue_answer = CL_SUCCESS, callback_answer = CL_SUCCESS, flush_answer = CL_SUCCESS,
         barrier_answer = CL_SUCCESS;

 private:
  static inline FakeVendor* self = nullptr;

  cl_int enqueue(cl_event* event) {
    if (enqueue_answer != CL_SUCCESS) return enqueue_answer;
    *event = new _cl_event;
    (*event)->begin = 1'000 * (begun.size() + 1);
    (*event)->end = (*event)->begin + 500;
    events_.insert(*event);
    begun.push_back(*event);
    return CL_SUCCESS;
  }

  _cl_command_queue queue_;
  std::set<cl_event> events_;  // not released
  std::set<cl_event> owed_;    // released, callback to come
};

class ClStreamTest : public testing::Test {
 protected:
  ClStreamTest() {
    auto made = std::make_shared<Core>();
    made->api = &vendor.api;
    made->environment = &environment;
    made->name = "fake0";
    core = made;
    kernel = std::make_unique<ClKernel>(core, &handle_, "blur", std::vector<Param>{});
    stream = *make_stream(core, QueueUse::compute, waker);
  }
  Status launch(std::uint64_t value) { return launch(value, *stream); }
  Status launch(std::uint64_t value, Stream& on) {
    StreamOperation op;
    op.value = value;
    op.kernel = kernel.get();
    return on.begin(op);
  }
  const StreamProgress& poll() {
    progress.clear();
    stream->poll(progress);
    return progress;
  }

  FakeVendor vendor;
  ServiceThread environment;
  std::shared_ptr<const Core> core;
  std::shared_ptr<Waker> waker = std::make_shared<Waker>();
  std::unique_ptr<ClKernel> kernel;
  std::unique_ptr<Stream> stream;
  StreamProgress progress;

 private:
  _cl_kernel handle_;
};

TEST_F(ClStreamTest, is_woken_once_a_batch_and_then_knows_each_launch) {
  for (const std::uint64_t value : {1, 2, 3}) ASSERT_TRUE(launch(value).ok());
  ASSERT_TRUE(stream->submit().ok());
  EXPECT_EQ(poll().reached, 0U);
  vendor.end(vendor.begun[0], CL_COMPLETE);
  vendor.end(vendor.begun[1], CL_COMPLETE);
  EXPECT_EQ(poll().reached, 0U);
  vendor.end(vendor.begun[2], CL_COMPLETE);
  waker->wait();
  EXPECT_EQ(poll().reached, 3U);
  ASSERT_EQ(progress.measured.size(), 3U);
  EXPECT_EQ(progress.measured[2].value, 3U);
  EXPECT_EQ(progress.measured[2].end - progress.measured[2].begin, Nanos{500});
  EXPECT_LE(progress.measured[2].end, environment.now());
}

// So that there can be more to do before the device has done all it has.
TEST_F(ClStreamTest, knows_the_first_half_of_a_long_batch_while_the_second_is_under_way) {
  for (std::uint64_t value = 1; value <= 64; ++value) ASSERT_TRUE(launch(value).ok());
  ASSERT_TRUE(stream->submit().ok());
  for (std::size_t i = 0; i < 40; ++i) vendor.end(vendor.begun[i], CL_COMPLETE);
  waker->wait();
  EXPECT_EQ(poll().reached, 32U);
  EXPECT_EQ(progress.measured.size(), 32U);
  for (std::size_t i = 40; i < 64; ++i) vendor.end(vendor.begun[i], CL_COMPLETE);
  waker->wait();
  EXPECT_EQ(poll().reached, 64U);
}

TEST_F(ClStreamTest, tells_only_at_the_end_that_it_cannot_be_woken) {
  vendor.callback_answer = CL_OUT_OF_HOST_MEMORY;
  for (std::uint64_t value = 1; value <= 40; ++value) ASSERT_TRUE(launch(value).ok());
  EXPECT_THAT(stream->submit().to_string(), HasSubstr("clSetEventCallback on fake0"));
}

// As most drivers do where the command has ended by then.
TEST_F(ClStreamTest, may_be_called_back_inside_the_call_that_asks_for_it) {
  vendor.done_before_asked = true;
  ASSERT_TRUE(launch(1).ok());
  ASSERT_TRUE(stream->submit().ok());
  waker->wait();
  EXPECT_EQ(poll().reached, 1U);
}

TEST_F(ClStreamTest, that_is_gone_may_still_be_called_back) {
  ASSERT_TRUE(launch(1).ok());
  ASSERT_TRUE(stream->submit().ok());
  ASSERT_TRUE(launch(2).ok());
  stream.reset();
  kernel.reset();
  waker.reset();
  vendor.end(vendor.begun[0], CL_COMPLETE);
}

TEST_F(ClStreamTest, reports_a_command_that_ended_badly_by_name_and_goes_on) {
  for (const std::uint64_t value : {1, 2, 3}) ASSERT_TRUE(launch(value).ok());
  ASSERT_TRUE(stream->submit().ok());
  vendor.end(vendor.begun[0], CL_COMPLETE);
  vendor.end(vendor.begun[1], CL_OUT_OF_RESOURCES);
  vendor.end(vendor.begun[2], CL_COMPLETE);
  EXPECT_EQ(poll().reached, 3U);
  EXPECT_TRUE(progress.lost.ok());
  ASSERT_EQ(progress.failed.size(), 1U);
  EXPECT_EQ(progress.failed[0].value, 2U);
  EXPECT_EQ(progress.failed[0].status.to_string(),
            "kernel_failed: launch of blur on fake0: CL_OUT_OF_RESOURCES");
  EXPECT_EQ(progress.measured.size(), 2U);
}

TEST_F(ClStreamTest, reports_a_device_that_is_not_there_any_more_as_lost) {
  ASSERT_TRUE(launch(1).ok());
  ASSERT_TRUE(stream->submit().ok());
  vendor.end_all(CL_DEVICE_NOT_AVAILABLE);
  EXPECT_EQ(poll().lost.to_string(),
            "device_lost: launch of blur on fake0: CL_DEVICE_NOT_AVAILABLE");
}

TEST_F(ClStreamTest, goes_on_after_a_command_that_the_vendor_refused) {
  ASSERT_TRUE(launch(1).ok());
  vendor.enqueue_answer = CL_INVALID_WORK_GROUP_SIZE;
  EXPECT_EQ(launch(2).to_string(),
            "kernel_failed: launch of blur on fake0: CL_INVALID_WORK_GROUP_SIZE");
  vendor.enqueue_answer = CL_SUCCESS;
  ASSERT_TRUE(launch(3).ok());
  ASSERT_TRUE(stream->submit().ok());
  vendor.end_all();
  EXPECT_EQ(poll().reached, 3U);
  EXPECT_TRUE(progress.failed.empty());
}

TEST_F(ClStreamTest, takes_a_vendor_that_does_not_send_its_commands_off_for_lost) {
  ASSERT_TRUE(launch(1).ok());
  vendor.flush_answer = CL_OUT_OF_HOST_MEMORY;
  EXPECT_EQ(stream->submit().to_string(), "device_lost: clFlush on fake0: CL_OUT_OF_HOST_MEMORY");
  ASSERT_TRUE(launch(2).ok());
  vendor.callback_answer = CL_INVALID_EVENT;
  EXPECT_THAT(stream->submit().to_string(), HasSubstr("clSetEventCallback on fake0"));
}

TEST_F(ClStreamTest, holds_an_operation_behind_another_streams_by_its_event_inside_the_device) {
  const auto other = *make_stream(core, QueueUse::compute, waker);
  for (const std::uint64_t value : {1, 2, 3}) ASSERT_TRUE(launch(value).ok());
  ASSERT_TRUE(stream->submit().ok());
  EXPECT_TRUE(other->hold_behind(*stream, 2));
  ASSERT_TRUE(launch(1, *other).ok());
  ASSERT_TRUE(launch(2, *other).ok());
  ASSERT_EQ(vendor.barriers.size(), 1U);  // the second is behind the first anyway
  EXPECT_EQ(vendor.barriers[0].before, 3U);
  EXPECT_EQ(vendor.barriers[0].behind, (std::vector{vendor.begun[1]}));
}

TEST_F(ClStreamTest, holds_nothing_behind_what_is_over) {
  const auto other = *make_stream(core, QueueUse::compute, waker);
  ASSERT_TRUE(launch(1).ok());
  ASSERT_TRUE(stream->submit().ok());
  vendor.end_all();
  EXPECT_EQ(poll().reached, 1U);
  EXPECT_TRUE(other->hold_behind(*stream, 1));
  ASSERT_TRUE(launch(1, *other).ok());
  EXPECT_TRUE(vendor.barriers.empty());
}

// The vendor refused it, so only what lies before it can be waited for.
TEST_F(ClStreamTest, holds_an_operation_behind_what_preceded_a_refused_one) {
  const auto other = *make_stream(core, QueueUse::compute, waker);
  ASSERT_TRUE(launch(1).ok());
  vendor.enqueue_answer = CL_INVALID_WORK_GROUP_SIZE;
  ASSERT_FALSE(launch(2).ok());
  vendor.enqueue_answer = CL_SUCCESS;
  EXPECT_TRUE(other->hold_behind(*stream, 2));
  ASSERT_TRUE(launch(1, *other).ok());
  ASSERT_EQ(vendor.barriers.size(), 1U);
  EXPECT_EQ(vendor.barriers[0].behind, (std::vector{vendor.begun[0]}));
}

TEST_F(ClStreamTest, begins_nothing_that_the_vendor_would_not_hold_back) {
  const auto other = *make_stream(core, QueueUse::compute, waker);
  ASSERT_TRUE(launch(1).ok());
  EXPECT_TRUE(other->hold_behind(*stream, 1));
  vendor.barrier_answer = CL_OUT_OF_RESOURCES;
  EXPECT_EQ(launch(1, *other).to_string(),
            "kernel_failed: clEnqueueBarrierWithWaitList on fake0: CL_OUT_OF_RESOURCES");
  EXPECT_EQ(vendor.begun.size(), 1U);
}

TEST_F(ClStreamTest, for_copies_takes_no_launch) {
  const auto copies = *make_stream(core, QueueUse::copy, waker);
  StreamOperation op;
  op.kernel = kernel.get();
  EXPECT_EQ(copies->accept(op).status().to_string(),
            "unsupported: launch: this queue of fake0 copies only");
}

}  // namespace
}  // namespace troika::opencl
