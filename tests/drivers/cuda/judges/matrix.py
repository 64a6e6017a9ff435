"""C = A B + C of whole numbers in float, by tiles, as a graph that is captured once and launched twice."""

import ctypes

import numpy
from judge import compiled, driver, first_device, launch, ok

SOURCE = """
extern "C" __global__ void multiply(const float* a, const float* b, float* c, int n, int pitch) {
  __shared__ float of_a[16][16], of_b[16][16];
  int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    of_a[threadIdx.y][threadIdx.x] =
        row < n && k + threadIdx.x < n ? a[row * pitch + k + threadIdx.x] : 0;
    of_b[threadIdx.y][threadIdx.x] =
        column < n && k + threadIdx.y < n ? b[(k + threadIdx.y) * pitch + column] : 0;
    __syncthreads();
    for (int i = 0; i < 16; ++i) sum += of_a[threadIdx.y][i] * of_b[i][threadIdx.x];
    __syncthreads();
  }
  if (row < n && column < n) c[row * pitch + column] += sum;
}"""
N, PITCH = 75, 80


def copy(to_device, device, host):
    """A rectangle without the gaps between the device's rows, where `to_device`, or back."""
    wanted = driver.CUDA_MEMCPY2D()
    kinds = driver.CUmemorytype
    on_device, on_host = kinds.CU_MEMORYTYPE_DEVICE, kinds.CU_MEMORYTYPE_HOST
    wanted.srcMemoryType, wanted.dstMemoryType = (
        (on_host, on_device) if to_device else (on_device, on_host))
    if to_device:
        wanted.srcHost, wanted.srcPitch = host.ctypes.data, 4 * N
        wanted.dstDevice, wanted.dstPitch = device, 4 * PITCH
    else:
        wanted.srcDevice, wanted.srcPitch = device, 4 * PITCH
        wanted.dstHost, wanted.dstPitch = host.ctypes.data, 4 * N
    wanted.WidthInBytes, wanted.Height = 4 * N, N
    ok(driver.cuMemcpy2D(wanted))


with first_device():
    function = compiled(SOURCE, "multiply")
    random = numpy.random.default_rng(2)
    a, b, c = (random.integers(-8, 8, (N, N)).astype(numpy.float32) for _ in range(3))
    device = [ok(driver.cuMemAlloc(4 * PITCH * N)) for _ in range(3)]
    for there, here in zip(device, (a, b, c)):
        copy(True, there, here)
    stream = ok(driver.cuStreamCreate(driver.CUstream_flags.CU_STREAM_NON_BLOCKING))
    ok(driver.cuStreamBeginCapture(
        stream, driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL))
    blocks = (N + 15) // 16
    launch(function, (blocks, blocks, 1), (16, 16, 1), stream, (*device, N, PITCH),
           (None, None, None, ctypes.c_int, ctypes.c_int))
    graph = ok(driver.cuGraphInstantiate(ok(driver.cuStreamEndCapture(stream)), 0))
    for _ in range(2):
        ok(driver.cuGraphLaunch(graph, stream))
    ok(driver.cuStreamSynchronize(stream))
    found = numpy.zeros_like(c)
    copy(False, device[2], found)
    assert (found == c + 2 * (a @ b)).all()
print("exact")
