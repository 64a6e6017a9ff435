// The OpenCL entry points that the backend calls, found at run time.
#pragma once

#define CL_TARGET_OPENCL_VERSION 200
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <string>
#include <string_view>

#include <CL/cl.h>

#include "runtime/base/result.h"

namespace troika::opencl {

// Of 1.2: every loader has them, and every platform that is used.
#define TROIKA_OPENCL_ENTRIES(X) \
  X(GetPlatformIDs)              \
  X(GetPlatformInfo)             \
  X(GetDeviceIDs)                \
  X(GetDeviceInfo)               \
  X(CreateSubDevices)            \
  X(ReleaseDevice)               \
  X(CreateContext)               \
  X(ReleaseContext)              \
  X(CreateCommandQueue)          \
  X(ReleaseCommandQueue)         \
  X(CreateBuffer)                \
  X(ReleaseMemObject)            \
  X(CreateProgramWithSource)     \
  X(CreateProgramWithBinary)     \
  X(BuildProgram)                \
  X(GetProgramInfo)              \
  X(GetProgramBuildInfo)         \
  X(ReleaseProgram)              \
  X(CreateKernel)                \
  X(GetKernelInfo)               \
  X(SetKernelArg)                \
  X(ReleaseKernel)               \
  X(EnqueueNDRangeKernel)        \
  X(EnqueueCopyBuffer)           \
  X(EnqueueCopyBufferRect)       \
  X(EnqueueReadBuffer)           \
  X(EnqueueReadBufferRect)       \
  X(EnqueueWriteBuffer)          \
  X(EnqueueWriteBufferRect)      \
  X(EnqueueFillBuffer)           \
  X(EnqueueMapBuffer)            \
  X(EnqueueUnmapMemObject)       \
  X(EnqueueMarkerWithWaitList)   \
  X(EnqueueBarrierWithWaitList)  \
  X(SetEventCallback)            \
  X(GetEventInfo)                \
  X(GetEventProfilingInfo)       \
  X(ReleaseEvent)                \
  X(Flush)                       \
  X(Finish)

// Of 2.0: null where the loader lacks them, and for fine_grained_svm() devices only. Some loaders
// spin for ever in an entry that a platform's version lacks.
#define TROIKA_OPENCL_SVM_ENTRIES(X) \
  X(SVMAlloc)                        \
  X(SVMFree)                         \
  X(SetKernelArgSVMPointer)          \
  X(EnqueueSVMMemcpy)                \
  X(EnqueueSVMMemFill)

struct Api {
#define TROIKA_OPENCL_MEMBER(name) decltype(&::cl##name) name = nullptr;
  TROIKA_OPENCL_ENTRIES(TROIKA_OPENCL_MEMBER)
  TROIKA_OPENCL_SVM_ENTRIES(TROIKA_OPENCL_MEMBER)
#undef TROIKA_OPENCL_MEMBER
};

// Opens libOpenCL once a process and never closes it. Code::unavailable in the loader's words.
Result<const Api*> load_api();

// "CL_OUT_OF_RESOURCES"
std::string name_of(cl_int error);
// "<tried>: CL_OUT_OF_RESOURCES"
Status failure(Code code, std::string_view tried, cl_int error);

}  // namespace troika::opencl
