// The toolkit's stub: answers every call with its error, and writes nothing.
#include "tests/unit/cuda/fakes/fake.h"

FAKE_ENTRY CUresult cuDriverGetVersion(int*) { return CUDA_ERROR_STUB_LIBRARY; }
