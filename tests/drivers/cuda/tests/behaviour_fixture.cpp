#include "tests/drivers/cuda/tests/behaviour_fixture.h"

#include <thread>

namespace cuda_emulator_test {

void Behaviour::SetUp() {
  Driver::SetUp();
  if (IsSkipped()) return;
  increment_ = kernel(R"(
    .reg .b32 %r<4>; .reg .b64 %rd<5>;
    ld.param.u64 %rd1, [out]; ld.param.u64 %rd2, [in];
    mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 4;
    add.s64 %rd1, %rd1, %rd3; add.s64 %rd2, %rd2, %rd3;
    ld.global.u32 %r2, [%rd2]; add.s32 %r2, %r2, 1; st.global.u32 [%rd1], %r2;)");
}

void Lazy::SetUp() {
  option("EMULATED_CUDA_SCHEDULER", "lazy");
  Behaviour::SetUp();
}

void Spinning::begin(CUdeviceptr at, CUstream on) {
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

}  // namespace cuda_emulator_test
