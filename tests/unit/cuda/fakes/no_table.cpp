#include "tests/unit/cuda/fakes/fake.h"

FAKE_ENTRY CUresult cuDriverGetVersion(int* version) {
  *version = 13000;
  return CUDA_SUCCESS;
}
