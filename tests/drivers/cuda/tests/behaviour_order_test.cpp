// What a driver enforces, by the numbers of README.md's table: what is ordered, and when bytes and
// arguments are read.
#include <cstring>

#include "tests/drivers/cuda/tests/behaviour_fixture.h"

namespace cuda_emulator_test {
namespace {

TEST_F(Lazy, behaviour_03_streams_without_an_event_between_them_race) {
  const CUdeviceptr in = bytes(128), out = bytes(128);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 1, 32, stream()), CUDA_SUCCESS);
  const CUstream compute = stream();
  EXPECT_EQ(run(out, in, compute), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(Spinning, behaviour_03_a_copy_on_another_stream_ends_while_a_kernel_runs) {
  const CUstream copy = stream();
  begin(bytes(4), stream());
  const CUdeviceptr other = bytes(128);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(other, 1, 32, copy), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(copy), CUDA_SUCCESS);
  open();
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
}

TEST_F(Lazy, behaviour_03_an_event_between_them_orders_streams) {
  const CUdeviceptr in = bytes(128), out = bytes(128);
  const CUstream copy = stream(), compute = stream();
  const CUevent copied = event();
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 1, 32, copy), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(copied, copy), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(compute, copied, 0), CUDA_SUCCESS);
  EXPECT_EQ(run(out, in, compute), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(compute), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(out, 32), std::vector<int>(32, 2));
}

TEST_F(Lazy, behaviour_04_a_wait_takes_the_latest_record_and_one_on_no_record_does_nothing) {
  const CUdeviceptr in = bytes(128), out = bytes(128);
  const CUstream copy = stream(), compute = stream();
  const CUevent copied = event();
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(compute, copied, 0), CUDA_SUCCESS);  // too early
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 1, 32, copy), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(copied, copy), CUDA_SUCCESS);
  EXPECT_EQ(run(out, in, compute), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(Spinning, behaviour_04_a_record_after_the_wait_was_enqueued_is_not_waited_for) {
  const CUdeviceptr at = bytes(128);
  const CUstream first = stream(), waits = stream();
  const CUevent recorded = event();
  EXPECT_EQ(cu(cuEventRecord, 2000)(recorded, first), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(waits, recorded, 0), CUDA_SUCCESS);
  begin(bytes(4), first);
  EXPECT_EQ(cu(cuEventRecord, 2000)(recorded, first), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, waits), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(waits), CUDA_SUCCESS);  // while the kernel runs
  EXPECT_EQ(cu(cuEventQuery, 2000)(recorded), CUDA_ERROR_NOT_READY);
  open();
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
}

TEST_F(Lazy, behaviour_05_the_legacy_stream_joins_blocking_streams_only) {
  const CUdeviceptr in = bytes(128), out = bytes(128);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 1, 32, stream(CU_STREAM_DEFAULT)), CUDA_SUCCESS);
  EXPECT_EQ(run(out, in, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(out, 32), std::vector<int>(32, 2));
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 2, 32, stream()), CUDA_SUCCESS);
  EXPECT_EQ(run(out, in, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(Lazy, behaviour_06_pageable_sources_are_staged_and_pinned_ones_are_read_when_the_copy_runs) {
  void* pinned = nullptr;
  ASSERT_EQ(cu(cuMemHostAlloc, 2020)(&pinned, 128, 0), CUDA_SUCCESS);
  std::vector<unsigned char> pageable(128, 1);
  std::memset(pinned, 1, 128);
  const CUdeviceptr from_pageable = bytes(128), from_pinned = bytes(128);
  const CUstream copy = stream();
  EXPECT_EQ(cu(cuMemcpyHtoDAsync, 3020)(from_pageable, pageable.data(), 128, copy), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemcpyHtoDAsync, 3020)(from_pinned, pinned, 128, copy), CUDA_SUCCESS);
  std::fill(pageable.begin(), pageable.end(), static_cast<unsigned char>(2));
  std::memset(pinned, 2, 128);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(copy), CUDA_SUCCESS);
  EXPECT_EQ(read<unsigned char>(from_pageable, 128), std::vector<unsigned char>(128, 1));
  EXPECT_EQ(read<unsigned char>(from_pinned, 128), std::vector<unsigned char>(128, 2));
}

TEST_F(Behaviour, behaviour_07_a_free_in_stream_order_that_overtakes_a_use_is_a_race) {
  CUdeviceptr at = 0;
  const CUstream one = stream(), other = stream();
  EXPECT_EQ(cu(cuMemAllocAsync, 11020)(&at, 128, one), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, one), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemFreeAsync, 11020)(at, other), CUDA_SUCCESS);
  EXPECT_NE(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
}

class Unchecked : public Spinning {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_RACES", "off");
    Spinning::SetUp();
  }
};

TEST_F(Unchecked, behaviour_07_a_kernel_that_runs_survives_the_free_of_what_it_reads) {
  CUdeviceptr at = 0;
  const CUstream compute = stream(), other = stream();
  ASSERT_EQ(cu(cuMemAllocAsync, 11020)(&at, 4, compute), CUDA_SUCCESS);
  begin(at, compute);
  EXPECT_EQ(cu(cuMemFreeAsync, 11020)(at, other), CUDA_SUCCESS);
  static_cast<void>(cu(cuStreamSynchronize, 2000)(other));
  open();
  const CUresult end = cu(cuCtxSynchronize, 2000)();  // whether it had to look for them again
  EXPECT_TRUE(end == CUDA_SUCCESS || end == CUDA_ERROR_ILLEGAL_ADDRESS) << end;
}

TEST_F(Behaviour, behaviour_07_a_use_before_the_allocation_in_stream_order_is_an_error) {
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuMemAllocAsync, 11020)(&at, 128, stream()), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, stream()), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Lazy, behaviour_11_arguments_are_read_when_the_kernel_is_launched) {
  CUdeviceptr in = holding(std::vector<int>(32, 4)), out = bytes(128);
  const CUdeviceptr result = out;
  const CUstream on = stream();
  EXPECT_EQ(launch(increment_, on, {&out, &in}), CUDA_SUCCESS);
  out = in = 0;
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(result, 32), std::vector<int>(32, 5));
}

TEST_F(Spinning, behaviour_17_events_have_times_if_made_for_them_and_when_they_are_reached) {
  const CUevent plain = event(), first = event(CU_EVENT_DEFAULT), last = event(CU_EVENT_DEFAULT);
  const CUstream on = stream();
  float time = -1;
  begin(bytes(4), on);
  for (const CUevent one : {plain, first, last})
    EXPECT_EQ(cu(cuEventRecord, 2000)(one, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventElapsedTime, 12080)(&time, first, last), CUDA_ERROR_NOT_READY);
  open();
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventElapsedTime, 12080)(&time, plain, last), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cu(cuEventElapsedTime, 12080)(&time, first, last), CUDA_SUCCESS);
  EXPECT_GE(time, 0);
}

TEST_F(Lazy, behaviour_03_a_stream_that_waits_for_a_value_goes_on_when_the_host_has_written_it) {
  void* memory = nullptr;
  CUdeviceptr word = 0;
  ASSERT_EQ(cu(cuMemHostAlloc, 2020)(&memory, sizeof(unsigned), 0), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuMemHostGetDevicePointer, 3020)(&word, memory, 0), CUDA_SUCCESS);
  const std::atomic_ref<unsigned> value{*static_cast<unsigned*>(memory)};
  value = 4;
  const CUdeviceptr in = holding(std::vector<int>(32, 0)), out = bytes(128);
  const CUstream on = stream(), other = stream();
  EXPECT_EQ(cu(cuStreamWaitValue32, 11070)(on, word, 5, CU_STREAM_WAIT_VALUE_GEQ), CUDA_SUCCESS);
  EXPECT_EQ(run(out, in, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(in, 41, 32, other), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(other), CUDA_SUCCESS);
  // To ask is to want: were it not held, it would run beside what is on the other stream.
  const CUdeviceptr beside = bytes(128);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(cu(cuStreamQuery, 2000)(on), CUDA_ERROR_NOT_READY) << i;
    EXPECT_EQ(run(beside, beside, other), CUDA_SUCCESS);
    EXPECT_EQ(cu(cuStreamSynchronize, 2000)(other), CUDA_SUCCESS);
  }
  value = 5;
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);  // and no race: the host knew of both
  EXPECT_EQ(read<int>(out, 32), std::vector<int>(32, 42));
}

}  // namespace
}  // namespace cuda_emulator_test
