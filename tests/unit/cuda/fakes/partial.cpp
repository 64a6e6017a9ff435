// A driver of the right version that lacks one entry.
#include "tests/unit/cuda/fakes/fake.h"

FAKE_ENTRY CUresult cuDriverGetVersion(int* version) {
  *version = 13000;
  return CUDA_SUCCESS;
}

FAKE_ENTRY CUresult cuGetProcAddress_v2(const char* name, void** entry, int, cuuint64_t,
                                        CUdriverProcAddressQueryResult* how) {
  const bool absent = std::strcmp(name, "cuMemPoolCreate") == 0;
  *entry = absent ? nullptr : reinterpret_cast<void*>(&fake_answer);
  *how = absent ? CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND : CU_GET_PROC_ADDRESS_SUCCESS;
  return CUDA_SUCCESS;
}
