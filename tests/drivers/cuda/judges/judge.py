"""What the judges share: the driver's and NVRTC's calls as functions that raise, and a context."""

import contextlib

from cuda.bindings import driver, nvrtc


def ok(result):
    error, *values = result
    if error != type(error)(0):
        raise SystemExit(f"{error!r}")
    return values[0] if len(values) == 1 else values


def compiled(source, name):
    """The function of CUDA C, through PTX for the current context's device."""
    device = ok(driver.cuCtxGetDevice())
    attribute = driver.CUdevice_attribute
    major = ok(driver.cuDeviceGetAttribute(
        attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device))
    minor = ok(driver.cuDeviceGetAttribute(
        attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device))
    program = ok(nvrtc.nvrtcCreateProgram(source.encode(), b"judge.cu", 0, [], []))
    ok(nvrtc.nvrtcCompileProgram(program, 1, [f"--gpu-architecture=compute_{major}{minor}".encode()]))
    ptx = b" " * ok(nvrtc.nvrtcGetPTXSize(program))
    ok(nvrtc.nvrtcGetPTX(program, ptx))
    return ok(driver.cuModuleGetFunction(ok(driver.cuModuleLoadData(ptx)), name.encode()))


def launch(function, grid, block, stream, values, types, shared=0):
    ok(driver.cuLaunchKernel(function, *grid, *block, shared, stream, (values, types), 0))


@contextlib.contextmanager
def first_device():
    ok(driver.cuInit(0))
    device = ok(driver.cuDeviceGet(0))
    print(ok(driver.cuDeviceGetName(64, device)).decode().rstrip("\0 "))
    ok(driver.cuCtxSetCurrent(ok(driver.cuDevicePrimaryCtxRetain(device))))
    yield
    ok(driver.cuDevicePrimaryCtxRelease(device))
