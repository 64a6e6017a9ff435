#include "backends/opencl/api.h"

#include <dlfcn.h>

namespace troika::opencl {
namespace {

constexpr const char* library_name = "libOpenCL.so.1";

Result<const Api*> open_library() {
  void* const library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const said = dlerror();
    return Status{Code::unavailable, said ? said : library_name};
  }
  static Api api;
#define TROIKA_OPENCL_LOAD(name)                                                  \
  api.name = reinterpret_cast<decltype(&::cl##name)>(dlsym(library, "cl" #name)); \
  if (!api.name) return Status{Code::unavailable, std::string{library_name} + " has no cl" #name};
  TROIKA_OPENCL_ENTRIES(TROIKA_OPENCL_LOAD)
#undef TROIKA_OPENCL_LOAD
#define TROIKA_OPENCL_LOOK_FOR(name) \
  api.name = reinterpret_cast<decltype(&::cl##name)>(dlsym(library, "cl" #name));
  TROIKA_OPENCL_SVM_ENTRIES(TROIKA_OPENCL_LOOK_FOR)
#undef TROIKA_OPENCL_LOOK_FOR
  return &api;
}

}  // namespace

Result<const Api*> load_api() {
  static const Result<const Api*> api = open_library();
  return api;
}

std::string name_of(cl_int error) {
  switch (error) {
#define TROIKA_OPENCL_ERROR(name) \
  case name: return #name;
    TROIKA_OPENCL_ERROR(CL_SUCCESS)
    TROIKA_OPENCL_ERROR(CL_DEVICE_NOT_FOUND)
    TROIKA_OPENCL_ERROR(CL_DEVICE_NOT_AVAILABLE)
    TROIKA_OPENCL_ERROR(CL_COMPILER_NOT_AVAILABLE)
    TROIKA_OPENCL_ERROR(CL_MEM_OBJECT_ALLOCATION_FAILURE)
    TROIKA_OPENCL_ERROR(CL_OUT_OF_RESOURCES)
    TROIKA_OPENCL_ERROR(CL_OUT_OF_HOST_MEMORY)
    TROIKA_OPENCL_ERROR(CL_PROFILING_INFO_NOT_AVAILABLE)
    TROIKA_OPENCL_ERROR(CL_MEM_COPY_OVERLAP)
    TROIKA_OPENCL_ERROR(CL_BUILD_PROGRAM_FAILURE)
    TROIKA_OPENCL_ERROR(CL_MAP_FAILURE)
    TROIKA_OPENCL_ERROR(CL_MISALIGNED_SUB_BUFFER_OFFSET)
    TROIKA_OPENCL_ERROR(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    TROIKA_OPENCL_ERROR(CL_INVALID_VALUE)
    TROIKA_OPENCL_ERROR(CL_INVALID_DEVICE)
    TROIKA_OPENCL_ERROR(CL_INVALID_CONTEXT)
    TROIKA_OPENCL_ERROR(CL_INVALID_QUEUE_PROPERTIES)
    TROIKA_OPENCL_ERROR(CL_INVALID_COMMAND_QUEUE)
    TROIKA_OPENCL_ERROR(CL_INVALID_HOST_PTR)
    TROIKA_OPENCL_ERROR(CL_INVALID_MEM_OBJECT)
    TROIKA_OPENCL_ERROR(CL_INVALID_BINARY)
    TROIKA_OPENCL_ERROR(CL_INVALID_BUILD_OPTIONS)
    TROIKA_OPENCL_ERROR(CL_INVALID_PROGRAM)
    TROIKA_OPENCL_ERROR(CL_INVALID_PROGRAM_EXECUTABLE)
    TROIKA_OPENCL_ERROR(CL_INVALID_KERNEL_NAME)
    TROIKA_OPENCL_ERROR(CL_INVALID_KERNEL)
    TROIKA_OPENCL_ERROR(CL_INVALID_ARG_INDEX)
    TROIKA_OPENCL_ERROR(CL_INVALID_ARG_VALUE)
    TROIKA_OPENCL_ERROR(CL_INVALID_ARG_SIZE)
    TROIKA_OPENCL_ERROR(CL_INVALID_KERNEL_ARGS)
    TROIKA_OPENCL_ERROR(CL_INVALID_WORK_DIMENSION)
    TROIKA_OPENCL_ERROR(CL_INVALID_WORK_GROUP_SIZE)
    TROIKA_OPENCL_ERROR(CL_INVALID_WORK_ITEM_SIZE)
    TROIKA_OPENCL_ERROR(CL_INVALID_GLOBAL_WORK_SIZE)
    TROIKA_OPENCL_ERROR(CL_INVALID_EVENT)
    TROIKA_OPENCL_ERROR(CL_INVALID_OPERATION)
    TROIKA_OPENCL_ERROR(CL_INVALID_BUFFER_SIZE)
#undef TROIKA_OPENCL_ERROR
    // Of an extension, so absent from cl.h: what the loader answers when it knows no driver.
    case -1001: return "CL_PLATFORM_NOT_FOUND_KHR";
    default: return "OpenCL error " + std::to_string(error);
  }
}

Status failure(Code code, std::string_view tried, cl_int error) {
  return {error == CL_DEVICE_NOT_AVAILABLE ? Code::device_lost : code,
          std::string{tried} + ": " + name_of(error)};
}

}  // namespace troika::opencl
