// Short names of the sample types, for signatures that hold many of them.
#pragma once

#include <cstdint>

namespace troika::kernels {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using i32 = std::int32_t;

}  // namespace troika::kernels
