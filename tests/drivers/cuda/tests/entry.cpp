#include "tests/drivers/cuda/tests/entry.h"

#include <dlfcn.h>

namespace cuda_emulator_test {

void* entry(const char* name, int version) {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  using Find = CUresult (*)(const char*, void**, int, cuuint64_t, CUdriverProcAddressQueryResult*);
  static const auto find = reinterpret_cast<Find>(dlsym(library, "cuGetProcAddress_v2"));
  void* found = nullptr;
  CUdriverProcAddressQueryResult status;
  return find(name, &found, version, 0, &status) == CUDA_SUCCESS ? found : nullptr;
}

}  // namespace cuda_emulator_test
