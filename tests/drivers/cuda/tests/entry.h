// Entry points of the libcuda.so.1 that the loader finds.
#pragma once

#include <cuda.h>

namespace cuda_emulator_test {

// An entry point by name, through cuGetProcAddress. Null: the driver has none.
void* entry(const char* name, int version);

}  // namespace cuda_emulator_test

// cu(cuMemAlloc, 3020)(…): the entry point with the header's type.
#define cu(name, version) \
  reinterpret_cast<decltype(&name)>(cuda_emulator_test::entry(#name, version))
