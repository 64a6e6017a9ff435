// What a driver enforces, by the numbers of README.md's table: who reaches which memory.
#include <csignal>

#include "tests/drivers/cuda/tests/behaviour_fixture.h"

namespace cuda_emulator_test {
namespace {

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
        std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would report it
        run(out, bytes(128), on);       // touches other memory only
        host[0] = 1;
      },
      ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EQ(run(out, managed, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(host[5], 5);
  EXPECT_EQ(read<int>(out, 32)[5], 6);
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

}  // namespace
}  // namespace cuda_emulator_test
