"""c = a + b: inputs on one stream, the kernel and the result on another, behind an event."""

import ctypes

import numpy
from judge import compiled, driver, first_device, launch, ok

SOURCE = """
extern "C" __global__ void vector_add(const float* a, const float* b, float* c, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) c[i] = a[i] + b[i];
}"""
COUNT = 10_000


def pinned():
    address = ok(driver.cuMemHostAlloc(4 * COUNT, 0))
    return address, numpy.ctypeslib.as_array((ctypes.c_float * COUNT).from_address(int(address)))


with first_device():
    function = compiled(SOURCE, "vector_add")
    host = [pinned() for _ in range(3)]
    (_, a), (_, b), (_, c) = host
    a[:], b[:], c[:] = numpy.arange(COUNT), numpy.arange(COUNT) * 0.5, -1
    device = [ok(driver.cuMemAlloc(4 * COUNT)) for _ in range(3)]
    flags = driver.CUstream_flags.CU_STREAM_NON_BLOCKING
    copies, kernels = (ok(driver.cuStreamCreate(flags)) for _ in range(2))
    arrived = ok(driver.cuEventCreate(driver.CUevent_flags.CU_EVENT_DISABLE_TIMING))
    for i in range(2):
        ok(driver.cuMemcpyHtoDAsync(device[i], int(host[i][0]), 4 * COUNT, copies))
    ok(driver.cuEventRecord(arrived, copies))
    ok(driver.cuStreamWaitEvent(kernels, arrived, 0))
    launch(function, ((COUNT + 255) // 256, 1, 1), (256, 1, 1), kernels, (*device, COUNT),
           (None, None, None, ctypes.c_int))
    ok(driver.cuMemcpyDtoHAsync(int(host[2][0]), device[2], 4 * COUNT, kernels))
    ok(driver.cuStreamSynchronize(kernels))
    assert (c == a + b).all()
print("exact")
