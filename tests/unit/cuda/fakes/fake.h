// Drivers that are not what they should be. Each is a library with the few entries that it has.
#pragma once

#include <cstring>

#include <cuda.h>

#define FAKE_ENTRY extern "C" __attribute__((visibility("default")))

inline CUresult fake_answer() { return CUDA_SUCCESS; }
