// The blur's taps, from the middle outwards: a Gaussian of standard deviation 3 in 1/65,536. All 17
// add up to 65,536, so a sum over luma fits 32 bits.
#pragma once

#include "kernels/types.h"

namespace troika::kernels {

inline constexpr u32 gaussian[] = {8754, 8281, 7009, 5309, 3599, 2183, 1185, 575, 250};

}  // namespace troika::kernels
