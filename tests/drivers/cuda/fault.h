// What stops an operation on the device: the driver's code for it, and what happened where.
#pragma once

#include <string>

#include <cuda.h>

namespace cuda_emulator {

// Thrown by whatever executes an operation; caught where operations are executed.
struct Fault {
  CUresult code;
  std::string what;
};

}  // namespace cuda_emulator
