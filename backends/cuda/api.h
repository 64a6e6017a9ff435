// The driver entry points that the backend calls, found at run time.
#pragma once

#include <string>
#include <string_view>

#include <cuda.h>

#include "runtime/base/result.h"

namespace troika::cuda {

// Each with the version of CUDA that gave it the signature of cuda.h: a newer driver, asked for its
// own version, may hand out another one under the same name.
#define TROIKA_CUDA_ENTRIES(X)       \
  X(Init, 2000)                      \
  X(GetErrorName, 6000)              \
  X(DeviceGetCount, 2000)            \
  X(DeviceGet, 2000)                 \
  X(DeviceGetName, 2000)             \
  X(DeviceGetAttribute, 2000)        \
  X(DeviceGetPCIBusId, 4010)         \
  X(DeviceCanAccessPeer, 4000)       \
  X(DevicePrimaryCtxRetain, 7000)    \
  X(DevicePrimaryCtxRelease, 11000)  \
  X(CtxPushCurrent, 4000)            \
  X(CtxPopCurrent, 4000)             \
  X(CtxGetStreamPriorityRange, 5050) \
  X(MemGetInfo, 3020)                \
  X(MemPoolCreate, 11020)            \
  X(MemPoolDestroy, 11020)           \
  X(MemPoolSetAttribute, 11020)      \
  X(MemPoolSetAccess, 11020)         \
  X(MemAllocFromPoolAsync, 11020)    \
  X(MemFreeAsync, 11020)             \
  X(MemHostAlloc, 2020)              \
  X(MemFreeHost, 2000)               \
  X(MemHostRegister, 6050)           \
  X(MemHostUnregister, 4000)         \
  X(MemHostGetDevicePointer, 3020)   \
  X(MemAllocManaged, 6000)           \
  X(MemFree, 3020)                   \
  X(MemAdvise, 12020)                \
  X(MemPrefetchAsync, 12020)         \
  X(MemcpyHtoDAsync, 3020)           \
  X(MemcpyDtoHAsync, 3020)           \
  X(MemcpyDtoDAsync, 3020)           \
  X(MemcpyPeerAsync, 4000)           \
  X(Memcpy2DAsync, 3020)             \
  X(Memcpy3DPeerAsync, 4000)         \
  X(MemsetD8Async, 3020)             \
  X(MemsetD16Async, 3020)            \
  X(MemsetD32Async, 3020)            \
  X(MemsetD2D8Async, 3020)           \
  X(MemsetD2D16Async, 3020)          \
  X(MemsetD2D32Async, 3020)          \
  X(ModuleLoadDataEx, 2010)          \
  X(ModuleUnload, 2000)              \
  X(ModuleGetFunction, 2000)         \
  X(FuncGetAttribute, 2020)          \
  X(FuncGetParamInfo, 12040)         \
  X(FuncLoad, 12040)                 \
  X(StreamCreateWithPriority, 5050)  \
  X(StreamDestroy, 4000)             \
  X(StreamWaitEvent, 3020)           \
  X(EventCreate, 2000)               \
  X(EventDestroy, 4000)              \
  X(EventRecord, 2000)               \
  X(EventQuery, 2000)                \
  X(EventElapsedTime, 12080)         \
  X(LaunchKernel, 4000)              \
  X(LaunchHostFunc, 10000)

struct Api {
#define TROIKA_CUDA_MEMBER(name, version) decltype(&::cu##name) name = nullptr;
  TROIKA_CUDA_ENTRIES(TROIKA_CUDA_MEMBER)
#undef TROIKA_CUDA_MEMBER
  int version = 0;  // of the driver: 13000
};

// What a driver must be to have all of the above: 12.8.
inline constexpr int version_min = 12080;

inline constexpr const char* driver_library = "libcuda.so.1";

// Opens a driver, initialises it and never closes it. Code::unavailable says whether it is absent,
// the toolkit's stub, too old, incomplete, or without a device.
Result<Api> open_driver(const char* library);
// The machine's, opened once a process.
Result<const Api*> load_api();

// "CUDA_ERROR_LAUNCH_FAILED"
std::string name_of(const Api& api, CUresult error);
// "13.0" of 13000, as drivers count.
std::string version_text(int version);
// After one of these no call in the device's context succeeds any more.
bool is_sticky(CUresult error) noexcept;
// "<tried>: CUDA_ERROR_LAUNCH_FAILED"; Code::device_lost where the error is sticky.
Status failure(const Api& api, Code code, std::string_view tried, CUresult error);

}  // namespace troika::cuda
