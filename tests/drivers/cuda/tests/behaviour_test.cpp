// What a driver enforces, by the numbers of README.md's table: each test fails where the emulator
// stops enforcing it.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <thread>

#include "tests/drivers/cuda/tests/driver_fixture.h"

namespace cuda_emulator_test {
namespace {

// out[i] = in[i] + 1
constexpr const char* increment = R"(
  .reg .b32 %r<4>; .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [out]; ld.param.u64 %rd2, [in];
  mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd1, %rd1, %rd3; add.s64 %rd2, %rd2, %rd3;
  ld.global.u32 %r2, [%rd2]; add.s32 %r2, %r2, 1; st.global.u32 [%rd1], %r2;)";

class Behaviour : public Driver {
 protected:
  void SetUp() override {
    Driver::SetUp();
    if (IsSkipped()) return;
    increment_ = kernel(increment);
  }
  CUresult run(CUdeviceptr out, CUdeviceptr in, CUstream on) {
    return launch(increment_, on, {&out, &in});
  }
  CUfunction increment_ = nullptr;
};

// A kernel that reads `at` until the host opens it; the host can wait until it has begun.
class Spinning : public Behaviour {
 protected:
  void begin(CUdeviceptr at, CUstream on) {
    void* memory = nullptr;
    ASSERT_EQ(cu(cuMemHostAlloc, 2020)(&memory, 2 * sizeof(int), 0), CUDA_SUCCESS);
    words_ = static_cast<int*>(memory);
    word(begun) = word(opened) = 0;
    const CUfunction spin = kernel(R"(
      .reg .b32 %r<3>; .reg .b64 %rd<3>; .reg .pred %p;
      ld.param.u64 %rd1, [words]; ld.param.u64 %rd2, [at];
      again:
      ld.volatile.global.u32 %r1, [%rd2]; st.volatile.global.u32 [%rd1], 1;
      ld.volatile.global.u32 %r2, [%rd1 + 4]; setp.eq.u32 %p, %r2, 0;
      @%p bra again;)",
                                   ".param .u64 words, .param .u64 at");
    ASSERT_EQ(launch(spin, on, {&memory, &at}, 1), CUDA_SUCCESS);
    while (word(begun) == 0) std::this_thread::yield();
  }
  void open() { word(opened) = 1; }

 private:
  enum Word { begun, opened };
  std::atomic_ref<int> word(Word which) { return std::atomic_ref<int>(words_[which]); }
  int* words_ = nullptr;
};

class Lazy : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_SCHEDULER", "lazy");
    Behaviour::SetUp();
  }
};

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

std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

TEST_F(
    Lazy,
    behaviour_02_destroyed_streams_are_waited_for_and_the_last_release_ends_the_drivers_threads) {
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
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(other), CUDA_SUCCESS);
  open();
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);
}

TEST_F(Behaviour, behaviour_07_a_use_before_the_allocation_in_stream_order_is_an_error) {
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuMemAllocAsync, 11020)(&at, 128, stream()), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, stream()), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Behaviour,
       behaviour_08_an_illegal_address_poisons_the_context_and_host_functions_do_not_run) {
  const CUdeviceptr in = bytes(128), small = bytes(64);
  bool called = false;
  const CUstream on = stream();
  EXPECT_EQ(run(small, in, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuLaunchHostFunc, 10000)(
                on, [](void* flag) { *static_cast<bool*>(flag) = true; }, &called),
            CUDA_SUCCESS);
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

TEST_F(Behaviour, behaviour_10_what_is_illegal_in_a_capture_invalidates_it) {
  const CUstream on = stream();
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&at, 16), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

TEST_F(Behaviour, behaviour_10_a_fork_that_does_not_join_ends_a_capture_unjoined) {
  const CUdeviceptr at = bytes(128);
  const CUstream on = stream(), fork = stream();
  const CUevent forked = event();
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 16, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(forked, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(fork, forked, 0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at + 64, 1, 16, fork), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
}

TEST_F(Behaviour, behaviour_10_a_graph_runs_with_the_arguments_of_its_capture_each_time) {
  CUdeviceptr at = holding(std::vector<int>(32, 0));
  const CUstream on = stream();
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, on), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, on), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuGraphInstantiateWithFlags, 11040)(&exec, graph, 0), CUDA_SUCCESS);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cu(cuGraphLaunch, 10000)(exec, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(at, 32), std::vector<int>(32, 6));
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

class WithoutConcurrentAccess : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_ATTRIBUTES", "CONCURRENT_MANAGED_ACCESS=0");
    Behaviour::SetUp();
  }
};

TEST_F(WithoutConcurrentAccess,
       behaviour_12_the_host_may_not_touch_managed_memory_while_a_kernel_may_run) {
  CUdeviceptr managed = 0;
  ASSERT_EQ(cu(cuMemAllocManaged, 6000)(&managed, 4096, CU_MEM_ATTACH_GLOBAL), CUDA_SUCCESS);
  volatile int* const host = reinterpret_cast<int*>(managed);
  for (int i = 0; i < 32; ++i) host[i] = i;
  const CUdeviceptr out = bytes(128);
  const CUstream on = stream();
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        run(out, bytes(128), on);  // touches other memory only
        host[0] = 1;
      },
      ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EQ(run(out, managed, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(host[5], 5);
  EXPECT_EQ(read<int>(out, 32)[5], 6);
}

TEST_F(Behaviour, behaviour_13_launches_beyond_the_limits_are_refused) {
  CUdeviceptr at = bytes(128);
  void* arguments[] = {&at, &at};
  const auto go = [&](unsigned gx, unsigned gy, unsigned bx, unsigned shared) {
    return cu(cuLaunchKernel, 4000)(increment_, gx, gy, 1, bx, 1, 1, shared, nullptr, arguments,
                                    nullptr);
  };
  EXPECT_EQ(go(0, 1, 32, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(go(1, 1, 1025, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(go(1, 65536, 32, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(go(1, 1, 32, 49u << 10), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cu(cuFuncSetAttribute, 9000)(increment_,
                                         CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 64 << 10),
            CUDA_SUCCESS);
  EXPECT_EQ(go(1, 1, 32, 49u << 10), CUDA_SUCCESS);
}

TEST_F(Behaviour,
       behaviour_14_kernels_reach_a_peer_only_in_the_direction_that_was_enabled_and_copies_always) {
  CUcontext other = nullptr;
  ASSERT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&other, 1), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(other), CUDA_SUCCESS);
  const CUdeviceptr far = holding(std::vector<int>(32, 7));
  EXPECT_EQ(cu(cuCtxEnablePeerAccess, 4000)(context_, 0), CUDA_SUCCESS);  // the other direction
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
  const CUdeviceptr near = bytes(128);
  const CUstream on = stream();
  EXPECT_EQ(cu(cuMemcpyPeerAsync, 4000)(near, context_, far, other, 128, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(near, 32), std::vector<int>(32, 7));
  EXPECT_EQ(run(near, far, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_ERROR_ILLEGAL_ADDRESS);
}

class WithOffset : public Behaviour {
 protected:
  void SetUp() override {
    option("EMULATED_CUDA_REGISTERED_OFFSET", "1");
    Behaviour::SetUp();
  }
};

TEST_F(WithOffset, behaviour_15_registered_memory_has_an_address_of_its_own_on_the_device) {
  std::vector<int> host(32, 1);
  ASSERT_EQ(cu(cuMemHostRegister, 6050)(host.data(), 128, CU_MEMHOSTREGISTER_DEVICEMAP),
            CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemHostRegister, 6050)(host.data() + 8, 32, 0),
            CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  CUdeviceptr at = 0;
  ASSERT_EQ(cu(cuMemHostGetDevicePointer, 3020)(&at, host.data(), 0), CUDA_SUCCESS);
  const CUstream on = stream();
  EXPECT_EQ(run(at, at, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(host, std::vector<int>(32, 2));
  const auto mistaken = reinterpret_cast<CUdeviceptr>(host.data());
  EXPECT_EQ(run(mistaken, mistaken, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Lazy, behaviour_16_a_module_may_be_unloaded_while_its_kernels_are_queued) {
  const std::string text = module_text(
      ".global .u32 g = 41;\n.visible .entry k(.param .u64 out)\n{\n.reg .b32 %r<2>; .reg .b64 "
      "%rd<2>;\n"
      "ld.global.u32 %r1, [g]; add.s32 %r1, %r1, 1; ld.param.u64 %rd1, [out]; st.global.u32 "
      "[%rd1], %r1; ret;\n}\n");
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  ASSERT_EQ(load(text, module), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuModuleGetFunction, 2000)(&function, module, "k"), CUDA_SUCCESS);
  CUdeviceptr out = bytes(4);
  EXPECT_EQ(launch(function, stream(), {&out}, 1), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuModuleUnload, 2000)(module), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(out, 1)[0], 42);
  EXPECT_EQ(launch(function, nullptr, {&out}, 1), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Behaviour, behaviour_16_what_is_not_emulated_is_refused_by_opcode_type_and_line) {
  CUmodule module = nullptr;
  std::string log;
  EXPECT_EQ(
      load(module_text(
               ".visible .entry k()\n{\n.reg .b32 %r<3>;\nadd.s16x2 %r1, %r1, %r2;\nret;\n}\n"),
           module, &log),
      CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(log.find("line 7"), std::string::npos) << log;
  EXPECT_NE(log.find("add.s16x2"), std::string::npos) << log;
  EXPECT_EQ(cu(cuModuleLoadData, 2000)(&module,
                                       "\x7f"
                                       "ELF"),
            CUDA_ERROR_NO_BINARY_FOR_GPU);
}

TEST_F(Lazy, behaviour_17_events_without_timing_have_no_times_and_those_not_reached_are_not_ready) {
  const CUevent plain = event(), begin = event(CU_EVENT_DEFAULT), end = event(CU_EVENT_DEFAULT);
  const CUstream on = stream();
  float time = -1;
  for (const CUevent one : {plain, begin, end})
    EXPECT_EQ(cu(cuEventRecord, 2000)(one, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventElapsedTime, 12080)(&time, plain, end), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventElapsedTime, 12080)(&time, begin, end), CUDA_SUCCESS);
  EXPECT_GE(time, 0);
}

TEST_F(Behaviour, behaviour_18_no_call_succeeds_in_a_child_after_fork) {
  EXPECT_EXIT(std::exit(cu(cuCtxSynchronize, 2000)() == CUDA_ERROR_NOT_INITIALIZED ? 0 : 1),
              ::testing::ExitedWithCode(0), "");
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

}  // namespace
}  // namespace cuda_emulator_test
