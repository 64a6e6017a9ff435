// Kernels that do nothing for a given time, on the host and on OpenCL devices.
#pragma once

#include <span>
#include <string>

#include "runtime/troika.h"

namespace troika::bench {

// A kernel of that name: buffers of u8 with these accesses, then how many microseconds, f32, and
// how fast OpenCL devices spin, f32: their kernels have no clock, they count.
Status define_spin(KernelRegistry& kernels, const std::string& name,
                   std::span<const Access> accesses);

// That rate, in loops a microsecond, of the device; throws Error when it cannot be measured.
float measure_loops_per_micro(Runtime& runtime, const std::string& device);

}  // namespace troika::bench
