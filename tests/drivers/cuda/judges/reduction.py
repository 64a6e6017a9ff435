"""The sum of integers: shuffles within warps, dynamic shared memory between them, one atomic a block."""

import ctypes

import numpy
from judge import compiled, driver, first_device, launch, ok

SOURCE = """
extern "C" __global__ void sum(const unsigned* in, unsigned long long* out, int count) {
  extern __shared__ unsigned long long of_warp[];
  unsigned long long mine = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    mine += in[i];
  for (int step = 16; step > 0; step /= 2) mine += __shfl_down_sync(0xffffffffu, mine, step);
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = mine;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (unsigned w = 1; w < blockDim.x / 32; ++w) mine += of_warp[w];
    atomicAdd(out, mine);
  }
}"""
COUNT, BLOCK = 50_001, 128

with first_device():
    function = compiled(SOURCE, "sum")
    values = numpy.random.default_rng(1).integers(0, 2**32, COUNT, numpy.uint32)
    stream = ok(driver.cuStreamCreate(driver.CUstream_flags.CU_STREAM_NON_BLOCKING))
    source = ok(driver.cuMemAllocAsync(values.nbytes, stream))
    total = ok(driver.cuMemAllocAsync(8, stream))
    ok(driver.cuMemcpyHtoDAsync(source, values.ctypes.data, values.nbytes, stream))
    ok(driver.cuMemsetD32Async(total, 0, 2, stream))
    launch(function, (20, 1, 1), (BLOCK, 1, 1), stream, (source, total, COUNT),
           (None, None, ctypes.c_int), shared=8 * BLOCK // 32)
    found = numpy.zeros(1, numpy.uint64)
    ok(driver.cuMemcpyDtoHAsync(found.ctypes.data, total, 8, stream))
    ok(driver.cuMemFreeAsync(source, stream))
    ok(driver.cuMemFreeAsync(total, stream))
    ok(driver.cuStreamSynchronize(stream))
    assert int(found[0]) == int(values.sum(dtype=numpy.uint64)), (found, values.sum())
print("exact")
