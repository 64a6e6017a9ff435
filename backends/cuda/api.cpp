#include "backends/cuda/api.h"

#include <type_traits>

#include <cudaTypedefs.h>
#include <dlfcn.h>

namespace troika::cuda {
namespace {

#define TROIKA_CUDA_SAME(name, version)                                           \
  static_assert(std::is_same_v<decltype(&::cu##name), PFN_cu##name##_v##version>, \
                "cu" #name " of cuda.h is not the one of " #version);
TROIKA_CUDA_ENTRIES(TROIKA_CUDA_SAME)
#undef TROIKA_CUDA_SAME

// Null, and the name of the first missing entry in `missing`, when the driver lacks one.
class Symbols {
 public:
  explicit Symbols(PFN_cuGetProcAddress_v12000 get) : get_{get} {}

  template <class Function>
  void find(Function& function, const char* name, int version) {
    void* found = nullptr;
    CUdriverProcAddressQueryResult how = CU_GET_PROC_ADDRESS_SUCCESS;
    const CUresult error = get_(name, &found, version, CU_GET_PROC_ADDRESS_LEGACY_STREAM, &how);
    if (error == CUDA_SUCCESS && how == CU_GET_PROC_ADDRESS_SUCCESS && found)
      function = reinterpret_cast<Function>(found);
    else if (missing_.empty()) missing_ = std::string{name} + " of " + version_text(version);
  }
  const std::string& missing() const noexcept { return missing_; }

 private:
  PFN_cuGetProcAddress_v12000 get_;
  std::string missing_;
};

Status unavailable(const char* library, const std::string& why) {
  return {Code::unavailable, std::string{library} + " " + why};
}

constexpr const char* is_stub =
    "is the toolkit's stub, to link with and not to run: the driver comes with the GPU's own "
    "packages";

// Before anything else: a stub answers every call with its error and writes nothing.
Result<int> version_of(void* driver, const char* library) {
  const auto get =
      reinterpret_cast<PFN_cuDriverGetVersion_v2020>(dlsym(driver, "cuDriverGetVersion"));
  if (!get) return unavailable(library, "has no cuDriverGetVersion");
  int version = 0;
  const CUresult error = get(&version);
  if (error == CUDA_ERROR_STUB_LIBRARY) return unavailable(library, is_stub);
  if (error != CUDA_SUCCESS)
    return unavailable(library, "cuDriverGetVersion: error " + std::to_string(error));
  if (version < version_min)
    return unavailable(library, "is a driver for CUDA " + version_text(version) + "; " +
                                    version_text(version_min) + " is the oldest that is used");
  return version;
}

}  // namespace

Result<Api> open_driver(const char* library) {
  void* const driver = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!driver) {
    const char* const said = dlerror();
    return Status{Code::unavailable, said ? said : library};
  }
  TROIKA_ASSIGN(const int version, version_of(driver, library));
  const auto get =
      reinterpret_cast<PFN_cuGetProcAddress_v12000>(dlsym(driver, "cuGetProcAddress_v2"));
  if (!get) return unavailable(library, "has no cuGetProcAddress_v2");
  Api api;
  api.version = version;
  Symbols symbols{get};
#define TROIKA_CUDA_FIND(name, since) symbols.find(api.name, "cu" #name, since);
  TROIKA_CUDA_ENTRIES(TROIKA_CUDA_FIND)
#undef TROIKA_CUDA_FIND
  if (!symbols.missing().empty())
    return unavailable(library,
                       "for CUDA " + version_text(version) + " has no " + symbols.missing());
  const CUresult error = api.Init(0);
  if (error == CUDA_ERROR_STUB_LIBRARY) return unavailable(library, is_stub);
  if (error != CUDA_SUCCESS)
    return failure(api, Code::unavailable, std::string{library} + " cuInit", error);
  return api;
}

Result<const Api*> load_api() {
  static const Result<Api> api = open_driver(driver_library);
  if (!api.ok()) return api.status();
  return &*api;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string name_of(const Api& api, CUresult error) {
  const char* name = nullptr;
  if (api.GetErrorName(error, &name) == CUDA_SUCCESS && name) return name;
  return "CUDA error " + std::to_string(error);
}

bool is_sticky(CUresult error) noexcept {
  switch (error) {
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
    case CUDA_ERROR_EXTERNAL_DEVICE:
    case CUDA_ERROR_TENSOR_MEMORY_LEAK:
    case CUDA_ERROR_CONTAINED:
    case CUDA_ERROR_UNKNOWN: return true;
    default: return false;
  }
}

Status failure(const Api& api, Code code, std::string_view tried, CUresult error) {
  return {is_sticky(error) ? Code::device_lost : code,
          std::string{tried} + ": " + name_of(api, error)};
}

}  // namespace troika::cuda
