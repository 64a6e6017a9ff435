// All picture kernels.
#pragma once

#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

// Every kernel of this folder, for the host and for OpenCL C.
std::vector<Operation> all_operations();
// Adds them all.
Status define_all(KernelRegistry& registry);

}  // namespace troika::kernels
