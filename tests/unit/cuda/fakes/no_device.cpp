// A whole driver, on a machine without a GPU. Hands out nothing that is asked for at the driver's
// own version, whose signatures may be others.
#include "tests/unit/cuda/fakes/fake.h"

namespace {

constexpr int own_version = 13090;

CUresult init(unsigned) { return CUDA_ERROR_NO_DEVICE; }
CUresult error_name(CUresult, const char** name) {
  *name = "CUDA_ERROR_NO_DEVICE";
  return CUDA_SUCCESS;
}

}  // namespace

FAKE_ENTRY CUresult cuDriverGetVersion(int* version) {
  *version = own_version;
  return CUDA_SUCCESS;
}

FAKE_ENTRY CUresult cuGetProcAddress_v2(const char* name, void** entry, int version, cuuint64_t,
                                        CUdriverProcAddressQueryResult* how) {
  if (version == own_version) return CUDA_ERROR_INVALID_VALUE;
  *how = CU_GET_PROC_ADDRESS_SUCCESS;
  *entry = reinterpret_cast<void*>(&fake_answer);
  if (std::strcmp(name, "cuInit") == 0) *entry = reinterpret_cast<void*>(&init);
  if (std::strcmp(name, "cuGetErrorName") == 0) *entry = reinterpret_cast<void*>(&error_name);
  return CUDA_SUCCESS;
}
