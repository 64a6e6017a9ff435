// What a driver enforces, by the numbers of README.md's table: contexts, errors, the end of the
// process and faults that it is told to have.
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <dlfcn.h>

#include "tests/drivers/cuda/tests/behaviour_fixture.h"

namespace cuda_emulator_test {
namespace {

TEST_F(Behaviour, behaviour_01_a_thread_without_a_context_and_a_dead_handle_are_refused) {
  CUresult on_other_thread = CUDA_SUCCESS;
  std::thread([&] {
    CUdeviceptr at = 0;
    on_other_thread = cu(cuMemAlloc, 3020)(&at, 16);
  }).join();
  EXPECT_EQ(on_other_thread, CUDA_ERROR_INVALID_CONTEXT);
  const CUstream gone = stream();
  EXPECT_EQ(cu(cuStreamDestroy, 4000)(gone), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(gone), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Behaviour, behaviour_02_the_last_release_of_a_primary_context_ends_its_handles) {
  const CUstream mine = stream();
  CUcontext again = nullptr;
  EXPECT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&again, 0), CUDA_SUCCESS);
  EXPECT_EQ(again, context_);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(mine), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(mine), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_ERROR_INVALID_CONTEXT);
  context_ = nullptr;
}

TEST_F(Behaviour, behaviour_01_a_handle_of_another_context_is_refused) {
  const CUstream mine = stream();
  const CUevent event_of_mine = event();
  CUcontext other = nullptr;
  ASSERT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&other, 1), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(other), CUDA_SUCCESS);
  const CUdeviceptr at = bytes(128);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, mine), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(run(at, at, stream()), CUDA_ERROR_INVALID_HANDLE) << "a function of the other device's";
  EXPECT_EQ(cu(cuEventRecord, 2000)(event_of_mine, stream()), CUDA_ERROR_INVALID_HANDLE);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(1), CUDA_SUCCESS);
}

TEST_F(Behaviour, behaviour_02_a_reset_by_others_ends_the_handles_of_who_still_holds_the_context) {
  const CUstream mine = stream();
  EXPECT_EQ(cu(cuDevicePrimaryCtxReset, 11000)(0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(mine), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&context_, 0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(mine), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
}

TEST_F(Behaviour, behaviour_02_what_was_left_in_a_context_that_ended_is_remembered) {
  const auto left = reinterpret_cast<const char* (*)()>(
      dlsym(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD), "cuda_emulator_left"));
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(std::string(left()), "1 contexts of device 0\n");
  bytes(64);
  event();
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
  EXPECT_EQ(std::string(left()),
            "a context of device 0 ended with 1 events 1 modules 1 allocations\n");
  context_ = nullptr;
}

std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

TEST_F(
    Lazy,
    behaviour_02_destroyed_streams_are_waited_for_and_the_last_release_ends_the_drivers_threads) {
  std::thread([] {}).join();  // a sanitizer has a thread of its own from then on
  const std::ptrdiff_t before = threads();
  bool ran = false;
  const CUstream gone = stream();
  EXPECT_EQ(cu(cuLaunchHostFunc, 10000)(
                gone, [](void* flag) { *static_cast<bool*>(flag) = true; }, &ran),
            CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamDestroy, 4000)(gone), CUDA_SUCCESS);
  EXPECT_GT(threads(), before);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
  EXPECT_TRUE(ran);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
  // A thread that was joined may be listed for a moment.
  while (threads() > before) std::this_thread::yield();
  context_ = nullptr;
}

TEST_F(Spinning,
       behaviour_08_an_illegal_address_poisons_the_context_and_host_functions_do_not_run) {
  const CUdeviceptr in = bytes(128), small = bytes(64);
  bool called = false;
  const CUstream on = stream();
  begin(in, on);  // so that all is enqueued before the error
  EXPECT_EQ(run(small, in, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuLaunchHostFunc, 10000)(
                on, [](void* flag) { *static_cast<bool*>(flag) = true; }, &called),
            CUDA_SUCCESS);
  open();
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_FALSE(called);
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&at, 16), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Behaviour, behaviour_09_no_call_is_allowed_in_a_host_function) {
  CUresult result = CUDA_SUCCESS;
  const CUstream on = stream();
  EXPECT_EQ(cu(cuLaunchHostFunc, 10000)(
                on, [](void* to) { *static_cast<CUresult*>(to) = cu(cuCtxSynchronize, 2000)(); },
                &result),
            CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(result, CUDA_ERROR_NOT_PERMITTED);
}

TEST_F(Behaviour, behaviour_18_no_call_succeeds_in_a_child_after_fork) {
  EXPECT_EXIT(std::exit(cu(cuCtxSynchronize, 2000)() == CUDA_ERROR_NOT_INITIALIZED ? 0 : 1),
              ::testing::ExitedWithCode(0), "");
}

// Before the driver tells the end of the process to call it, so that this is called after.
bool calls_at_the_end = false;
const int called_at_the_end = std::atexit([] {
  if (calls_at_the_end)
    std::_Exit(cu(cuCtxSynchronize, 2000)() == CUDA_ERROR_DEINITIALIZED ? 18 : 1);
});

TEST_F(Behaviour, behaviour_18_no_call_succeeds_after_the_process_began_to_end) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        calls_at_the_end = true;
        std::exit(called_at_the_end);
      },
      ::testing::ExitedWithCode(18), "");
}

TEST_F(Spinning, behaviour_18_a_kernel_that_never_ends_does_not_keep_a_process_from_ending) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        begin(bytes(4), stream());
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "the process ends");
}

class Faulty : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_FAULTS",
           "out_of_memory:2,launch_failed:2,missing_symbol:cuMemAllocAsync");
    Behaviour::SetUp();
  }
};

TEST_F(Faulty, behaviour_19_faults_of_the_environment_strike_where_they_are_told) {
  EXPECT_EQ(entry("cuMemAllocAsync", 11020), nullptr);
  const CUdeviceptr at = bytes(128);
  CUdeviceptr none = 0;
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&none, 16), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cu(cuMemsetD32, 3020)(at, 1, 32), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_LAUNCH_FAILED);
}

class Lost : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_FAULTS", "device_lost:3,slow_copy:1");
    Behaviour::SetUp();
  }
};

class LosesDevice1 : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_FAULTS", "device_lost:1@1");
    Behaviour::SetUp();
  }
};

TEST_F(LosesDevice1, behaviour_19_a_fault_of_one_device_strikes_no_other) {
  EXPECT_EQ(read<int>(holding(std::vector<int>(32, 1)), 32), std::vector<int>(32, 1));
  CUcontext other = nullptr;
  ASSERT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&other, 1), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(other), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(bytes(64), 1, 16, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_DEVICE_UNAVAILABLE);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(1), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
}

TEST_F(Lost, behaviour_19_a_lost_device_fails_every_call_and_a_slow_copy_is_only_late) {
  CUcontext second = nullptr;
  ASSERT_EQ(cu(cuCtxCreate, 13000)(&second, nullptr, 0, 0), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
  const CUdeviceptr at = holding(std::vector<int>(32, 1));
  EXPECT_EQ(read<int>(at, 32), std::vector<int>(32, 1));
  EXPECT_EQ(run(at, at, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_DEVICE_UNAVAILABLE);
  CUdeviceptr none = 0;
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&none, 16), CUDA_ERROR_DEVICE_UNAVAILABLE);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(second), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&none, 16), CUDA_ERROR_DEVICE_UNAVAILABLE);
  EXPECT_EQ(cu(cuCtxDestroy, 4000)(second), CUDA_SUCCESS);
  CUcontext other = nullptr;
  EXPECT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&other, 0), CUDA_ERROR_DEVICE_UNAVAILABLE);
  ASSERT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&other, 1), CUDA_SUCCESS);  // that one goes on
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(other), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&none, 16), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(1), CUDA_SUCCESS);
}

}  // namespace
}  // namespace cuda_emulator_test
