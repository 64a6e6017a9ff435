// The 16-bit float of IEEE 754.
#pragma once

namespace cuda_emulator {

using Half = _Float16;

}  // namespace cuda_emulator
