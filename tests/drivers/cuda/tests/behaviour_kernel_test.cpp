// What a driver enforces, by the numbers of README.md's table: launches and modules.
#include "tests/drivers/cuda/tests/behaviour_fixture.h"

namespace cuda_emulator_test {
namespace {

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
  const auto together = [&](unsigned blocks) {
    return cu(cuLaunchCooperativeKernel, 9000)(increment_, blocks, 1, 1, 1024, 1, 1, 0, nullptr,
                                               arguments);
  };
  EXPECT_EQ(together(3), CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
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

}  // namespace
}  // namespace cuda_emulator_test
