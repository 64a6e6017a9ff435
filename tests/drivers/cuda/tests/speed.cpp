// How many thread-instructions a second the emulated driver executes: arithmetic in a loop, and
// loads and stores with and without looking for races. Not a test: docs/verification.md has the
// command.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/drivers/cuda/tests/entry.h"

namespace {

using namespace cuda_emulator_test;

constexpr unsigned blocks = 64, threads = 256, turns = 2000;

// Twelve instructions a turn, besides what a thread does once.
constexpr const char* arithmetic = R"(
  again:
  fma.rn.f32 %f1, %f1, %f2, %f3; fma.rn.f32 %f2, %f2, %f3, %f1; add.f32 %f3, %f3, %f1;
  mul.f32 %f1, %f1, %f2; add.u32 %r2, %r2, %r1; xor.b32 %r3, %r3, %r2; shl.b32 %r4, %r3, 3;
  and.b32 %r4, %r4, 4095; mad.lo.u32 %r2, %r4, %r1, %r3;
  add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 2000; @%p1 bra again;)";
// Six.
constexpr const char* memory = R"(
  again:
  ld.global.u32 %r2, [%l2]; add.u32 %r2, %r2, %r1; st.global.u32 [%l2], %r2;
  add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 2000; @%p1 bra again;)";

void require(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return;
  std::fprintf(stderr, "%s: error %d\n", what, result);
  std::exit(1);
}

double seconds(const std::string& body) {
  const std::string ptx =
      ".version 8.4\n.target sm_75\n.address_size 64\n.visible .entry k(.param .u64 at)\n{\n"
      ".reg .pred %p<2>; .reg .b32 %r<5>, %f<4>; .reg .b64 %l<4>;\n"
      "ld.param.u64 %l1, [at]; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %tid.x;\n"
      "mad.lo.u32 %r3, %r3, 256, %r4; mul.wide.u32 %l3, %r3, 4; add.u64 %l2, %l1, %l3;\n"
      "mov.u32 %r1, 0; mov.u32 %r2, 0; mov.b32 %f1, 0f3F000000; mov.b32 %f2, 0f3E800000;\n"
      "mov.b32 %f3, 0f3F400000;\n" +
      body + "\nst.global.u32 [%l2], %r2; ret;\n}\n";
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  CUdeviceptr at = 0;
  require(cu(cuModuleLoadData, 2010)(&module, ptx.c_str()), "cuModuleLoadData");
  require(cu(cuModuleGetFunction, 2000)(&function, module, "k"), "cuModuleGetFunction");
  require(cu(cuMemAlloc, 3020)(&at, blocks * threads * 4), "cuMemAlloc");
  require(cu(cuMemsetD32, 3020)(at, 0, blocks * threads), "cuMemsetD32");
  void* arguments[] = {&at};
  const auto begin = std::chrono::steady_clock::now();
  require(cu(cuLaunchKernel, 4000)(function, blocks, 1, 1, threads, 1, 1, 0, nullptr, arguments,
                                   nullptr),
          "cuLaunchKernel");
  require(cu(cuCtxSynchronize, 2000)(), "cuCtxSynchronize");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void report(const char* what, double instructions, double time) {
  std::printf("%s: %.0f million thread-instructions a second\n", what, instructions / time / 1e6);
}

}  // namespace

int main() {
  CUcontext context = nullptr;
  require(cu(cuInit, 2000)(0), "cuInit");
  require(cu(cuDevicePrimaryCtxRetain, 7000)(&context, 0), "cuDevicePrimaryCtxRetain");
  require(cu(cuCtxSetCurrent, 4000)(context), "cuCtxSetCurrent");
  constexpr double each = double{blocks} * threads * turns;
  report("arithmetic", each * 12, seconds(arithmetic));
  const char* const races = std::getenv("EMULATED_CUDA_RACES");
  report(races != nullptr && std::string(races) == "off" ? "memory, races not looked for"
                                                         : "memory, races looked for",
         each * 6, seconds(memory));
  require(cu(cuDevicePrimaryCtxRelease, 11000)(0), "cuDevicePrimaryCtxRelease");
}
