// A program of the driver interface that is linked with the toolkit's stub and with nothing else of
// CUDA's: squares on one device, and a copy of them to another.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda.h>

namespace {

constexpr unsigned count = 5000;

constexpr const char* ptx = R"(
.version 8.0
.target sm_75
.address_size 64
.visible .entry square(.param .u64 at, .param .u32 count)
{
  .reg .pred %p<2>; .reg .b32 %r<6>; .reg .b64 %l<4>;
  ld.param.u64 %l1, [at]; ld.param.u32 %r1, [count];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.u32 %r2, %r2, %r3, %r4;
  setp.ge.u32 %p1, %r2, %r1; @%p1 bra done;
  mul.wide.u32 %l2, %r2, 4; add.u64 %l3, %l1, %l2;
  ld.global.u32 %r5, [%l3]; mul.lo.u32 %r5, %r5, %r5; st.global.u32 [%l3], %r5;
done:
  ret;
}
)";

void require(CUresult result, const char* what) {
  if (result == CUDA_SUCCESS) return;
  const char* name = "";
  cuGetErrorName(result, &name);
  std::fprintf(stderr, "%s: %s\n", what, name);
  std::exit(1);
}
#define REQUIRE(call) require(call, #call)

CUcontext enter(CUdevice device) {
  CUcontext context = nullptr;
  REQUIRE(cuDevicePrimaryCtxRetain(&context, device));
  REQUIRE(cuCtxSetCurrent(context));
  return context;
}

}  // namespace

int main() {
  REQUIRE(cuInit(0));
  std::vector<unsigned> numbers(count);
  for (unsigned i = 0; i < count; ++i) numbers[i] = i;

  const CUcontext first = enter(0);
  CUmodule module = nullptr;
  CUfunction square = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr here = 0, there = 0;
  REQUIRE(cuModuleLoadData(&module, ptx));
  REQUIRE(cuModuleGetFunction(&square, module, "square"));
  REQUIRE(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  REQUIRE(cuMemAlloc(&here, 4 * count));
  REQUIRE(cuMemcpyHtoDAsync(here, numbers.data(), 4 * count, stream));
  unsigned total = count;
  void* arguments[] = {&here, &total};
  REQUIRE(
      cuLaunchKernel(square, (count + 127) / 128, 1, 1, 128, 1, 1, 0, stream, arguments, nullptr));

  const CUcontext second = enter(1);
  REQUIRE(cuMemAlloc(&there, 4 * count));
  REQUIRE(cuCtxSetCurrent(first));
  REQUIRE(cuMemcpyPeerAsync(there, second, here, first, 4 * count, stream));
  REQUIRE(cuStreamSynchronize(stream));
  REQUIRE(cuCtxSetCurrent(second));
  std::vector<unsigned> found(count);
  REQUIRE(cuMemcpyDtoH(found.data(), there, 4 * count));
  for (unsigned i = 0; i < count; ++i)
    if (found[i] != i * i) {
      std::fprintf(stderr, "%u squared is %u\n", i, found[i]);
      return 1;
    }
  REQUIRE(cuDevicePrimaryCtxRelease(1));
  REQUIRE(cuDevicePrimaryCtxRelease(0));
  std::puts("exact");
}
