// Errors' names, and the table of entry points that cuGetProcAddress reads.
#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <utility>

#include <cudaTypedefs.h>

#include "tests/drivers/cuda/driver.h"

using namespace cuda_emulator;

namespace {

#define ENTRIES(X)                            \
  X(cuInit, 2000)                             \
  X(cuDriverGetVersion, 2020)                 \
  X(cuDeviceGetCount, 2000)                   \
  X(cuDeviceGet, 2000)                        \
  X(cuDeviceGetName, 2000)                    \
  X(cuDeviceGetUuid, 11040)                   \
  X(cuDeviceGetPCIBusId, 4010)                \
  X(cuDeviceTotalMem, 3020)                   \
  X(cuDeviceGetAttribute, 2000)               \
  X(cuDeviceCanAccessPeer, 4000)              \
  X(cuDevicePrimaryCtxRetain, 7000)           \
  X(cuDevicePrimaryCtxRelease, 11000)         \
  X(cuDevicePrimaryCtxReset, 11000)           \
  X(cuDevicePrimaryCtxGetState, 7000)         \
  X(cuCtxCreate, 12050)                       \
  X(cuCtxDestroy, 4000)                       \
  X(cuCtxPushCurrent, 4000)                   \
  X(cuCtxPopCurrent, 4000)                    \
  X(cuCtxSetCurrent, 4000)                    \
  X(cuCtxGetCurrent, 4000)                    \
  X(cuCtxGetDevice, 2000)                     \
  X(cuCtxSynchronize, 2000)                   \
  X(cuCtxGetStreamPriorityRange, 5050)        \
  X(cuCtxGetLimit, 3010)                      \
  X(cuCtxSetLimit, 3010)                      \
  X(cuCtxEnablePeerAccess, 4000)              \
  X(cuCtxDisablePeerAccess, 4000)             \
  X(cuStreamCreateWithPriority, 5050)         \
  X(cuStreamCreate, 2000)                     \
  X(cuStreamDestroy, 4000)                    \
  X(cuStreamSynchronize, 2000)                \
  X(cuStreamQuery, 2000)                      \
  X(cuStreamGetPriority, 5050)                \
  X(cuStreamGetFlags, 5050)                   \
  X(cuStreamWaitEvent, 3020)                  \
  X(cuStreamWaitValue32, 11070)               \
  X(cuLaunchHostFunc, 10000)                  \
  X(cuEventCreate, 2000)                      \
  X(cuEventDestroy, 4000)                     \
  X(cuEventRecord, 2000)                      \
  X(cuEventQuery, 2000)                       \
  X(cuEventSynchronize, 2000)                 \
  X(cuEventElapsedTime, 12080)                \
  X(cuMemGetInfo, 3020)                       \
  X(cuMemAlloc, 3020)                         \
  X(cuMemFree, 3020)                          \
  X(cuMemAllocAsync, 11020)                   \
  X(cuMemAllocFromPoolAsync, 11020)           \
  X(cuMemFreeAsync, 11020)                    \
  X(cuDeviceGetDefaultMemPool, 11020)         \
  X(cuMemPoolCreate, 11020)                   \
  X(cuMemPoolDestroy, 11020)                  \
  X(cuMemPoolTrimTo, 11020)                   \
  X(cuMemPoolSetAttribute, 11020)             \
  X(cuMemPoolGetAttribute, 11020)             \
  X(cuMemPoolSetAccess, 11020)                \
  X(cuMemHostAlloc, 2020)                     \
  X(cuMemAllocHost, 3020)                     \
  X(cuMemFreeHost, 2000)                      \
  X(cuMemHostRegister, 6050)                  \
  X(cuMemHostUnregister, 4000)                \
  X(cuMemHostGetDevicePointer, 3020)          \
  X(cuMemAllocManaged, 6000)                  \
  X(cuMemAdvise, 12020)                       \
  X(cuMemPrefetchAsync, 12020)                \
  X(cuMemcpyHtoD, 3020)                       \
  X(cuMemcpyDtoH, 3020)                       \
  X(cuMemcpyDtoD, 3020)                       \
  X(cuMemcpyHtoDAsync, 3020)                  \
  X(cuMemcpyDtoHAsync, 3020)                  \
  X(cuMemcpyDtoDAsync, 3020)                  \
  X(cuMemcpyPeerAsync, 4000)                  \
  X(cuMemcpy2D, 3020)                         \
  X(cuMemcpy2DAsync, 3020)                    \
  X(cuMemcpy3DPeerAsync, 4000)                \
  X(cuMemsetD8, 3020)                         \
  X(cuMemsetD16, 3020)                        \
  X(cuMemsetD32, 3020)                        \
  X(cuMemsetD8Async, 3020)                    \
  X(cuMemsetD16Async, 3020)                   \
  X(cuMemsetD32Async, 3020)                   \
  X(cuMemsetD2D8Async, 3020)                  \
  X(cuMemsetD2D16Async, 3020)                 \
  X(cuMemsetD2D32Async, 3020)                 \
  X(cuModuleLoadDataEx, 2010)                 \
  X(cuModuleLoadData, 2000)                   \
  X(cuModuleLoad, 2000)                       \
  X(cuModuleUnload, 2000)                     \
  X(cuModuleGetFunction, 2000)                \
  X(cuModuleGetGlobal, 3020)                  \
  X(cuFuncLoad, 12040)                        \
  X(cuFuncGetAttribute, 2020)                 \
  X(cuFuncSetAttribute, 9000)                 \
  X(cuFuncGetParamInfo, 12040)                \
  X(cuLaunchKernel, 4000)                     \
  X(cuLaunchCooperativeKernel, 9000)          \
  X(cuStreamBeginCapture, 10010)              \
  X(cuStreamEndCapture, 10000)                \
  X(cuStreamIsCapturing, 10000)               \
  X(cuThreadExchangeStreamCaptureMode, 10010) \
  X(cuGraphInstantiateWithFlags, 11040)       \
  X(cuGraphLaunch, 10000)                     \
  X(cuGraphExecDestroy, 10000)                \
  X(cuGraphDestroy, 10000)                    \
  X(cuGetErrorName, 6000)                     \
  X(cuGetErrorString, 6000)                   \
  X(cuGetProcAddress, 12000)

struct Entry {
  const char* name;
  int since;  // the version of CUDA whose signature it has
  void* address;
};

#define NUMBER(name, since) number_of_##name,
enum Number : std::size_t { ENTRIES(NUMBER) count };
#undef NUMBER
std::array<std::atomic<std::uint64_t>, count> calls;

// What a program gets for an entry: the entry, and its calls are counted.
template <auto entry, std::size_t number>
struct Counted;
template <class... Args, CUresult (*entry)(Args...), std::size_t number>
struct Counted<entry, number> {
  static CUresult call(Args... args) {
    calls[number].fetch_add(1, std::memory_order_relaxed);
    return entry(args...);
  }
};

// The types in the header hold each entry to the version that it is listed with.
#define ENTRY(name, since)       \
  Entry{#name, since,            \
        reinterpret_cast<void*>( \
            &Counted<static_cast<PFN_##name##_v##since>(name), number_of_##name>::call)},
const std::array entries{ENTRIES(ENTRY)};
#undef ENTRY
#undef ENTRIES

#define NAMED(code) \
  { code, #code }
constexpr std::pair<CUresult, const char*> names[] = {
    NAMED(CUDA_SUCCESS),
    NAMED(CUDA_ERROR_INVALID_VALUE),
    NAMED(CUDA_ERROR_OUT_OF_MEMORY),
    NAMED(CUDA_ERROR_NOT_INITIALIZED),
    NAMED(CUDA_ERROR_DEINITIALIZED),
    NAMED(CUDA_ERROR_STUB_LIBRARY),
    NAMED(CUDA_ERROR_DEVICE_UNAVAILABLE),
    NAMED(CUDA_ERROR_NO_DEVICE),
    NAMED(CUDA_ERROR_INVALID_CONTEXT),
    NAMED(CUDA_ERROR_NO_BINARY_FOR_GPU),
    NAMED(CUDA_ERROR_UNSUPPORTED_LIMIT),
    NAMED(CUDA_ERROR_INVALID_PTX),
    NAMED(CUDA_ERROR_FILE_NOT_FOUND),
    NAMED(CUDA_ERROR_INVALID_HANDLE),
    NAMED(CUDA_ERROR_ILLEGAL_STATE),
    NAMED(CUDA_ERROR_NOT_FOUND),
    NAMED(CUDA_ERROR_ILLEGAL_ADDRESS),
    NAMED(CUDA_ERROR_LAUNCH_TIMEOUT),
    NAMED(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED),
    NAMED(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED),
    NAMED(CUDA_ERROR_CONTEXT_IS_DESTROYED),
    NAMED(CUDA_ERROR_ASSERT),
    NAMED(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED),
    NAMED(CUDA_ERROR_ILLEGAL_INSTRUCTION),
    NAMED(CUDA_ERROR_MISALIGNED_ADDRESS),
    NAMED(CUDA_ERROR_LAUNCH_FAILED),
    NAMED(CUDA_ERROR_NOT_PERMITTED),
    NAMED(CUDA_ERROR_NOT_SUPPORTED),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_MERGE),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_UNJOINED),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_ISOLATION),
    NAMED(CUDA_ERROR_CAPTURED_EVENT),
    NAMED(CUDA_ERROR_UNKNOWN)};
#undef NAMED

const char* name_of(CUresult error) {
  for (const auto& [code, name] : names) {
    if (code == error) return name;
  }
  return nullptr;
}

bool is_missing(const char* symbol) {
  for (const FaultOption& fault : options().faults) {
    if (fault.name == "missing_symbol" && fault.argument == symbol) return true;
  }
  return false;
}

}  // namespace

void cuda_emulator::append_calls(const std::string& file) {
  std::ofstream out(file, std::ios::app);
  for (std::size_t i = 0; i < count; ++i)
    if (calls[i] != 0) out << entries[i].name << ' ' << calls[i] << '\n';
}

extern "C" {

CUresult cuGetErrorName(CUresult error, const char** text) {
  *text = name_of(error);
  return *text != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char** text) { return cuGetErrorName(error, text); }

CUresult cuGetProcAddress(const char* symbol, void** address, int version, cuuint64_t,
                          CUdriverProcAddressQueryResult* status) {
  if (symbol == nullptr || address == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *address = nullptr;
  CUdriverProcAddressQueryResult result = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  for (const Entry& entry : entries) {
    if (std::strcmp(entry.name, symbol) != 0 || is_missing(symbol)) continue;
    const bool is_old_enough = entry.since <= version && entry.since <= options().driver_version;
    result =
        is_old_enough ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT;
    if (is_old_enough) *address = entry.address;
  }
  if (status != nullptr) *status = result;
  // Without a place for the status the result has to say it.
  return result == CU_GET_PROC_ADDRESS_SUCCESS || status != nullptr ? CUDA_SUCCESS
                                                                    : CUDA_ERROR_NOT_FOUND;
}

// NVRTC looks for a driver and uses the table without looking at the result. One of no more than
// its own size is that of a driver which has nothing to tell it.
CUresult cuGetExportTable(const void** table, const CUuuid*) {
  static constexpr std::size_t empty = sizeof(std::size_t);
  *table = &empty;
  return CUDA_SUCCESS;
}

}  // extern "C"
