// A map of how light the picture is: for every block of 16 x 16 pixels, the sum of log2(1 + luma).
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int exposure_block = 16;

// How far a sum may lie from the exact one: a device's log2 is within 3 units in the last place,
// 15 additions down the columns and 4 across them add half a unit each, and no term is negative.
inline constexpr unsigned exposure_ulps = 16;

// Luma; a sum for each block of the tile, the last ones cut off at its edge; w, h; pitches.
inline constexpr Kernel<void(Read<u16>, Write<float>, i32, i32, u32, u32)> exposure{"exposure"};

// Of the whole picture; the sums are exact but for the last rounding.
Image<float> exposure_reference(const Plane16& luma);
void exposure_host(HostView<const u16> luma, HostView<float> sums, i32 w, i32 h, u32 luma_pitch,
                   u32 sums_pitch);
std::string exposure_opencl();
std::string exposure_cuda();
Operation exposure_operation();

constexpr int exposure_blocks(int pixels) noexcept {
  return (pixels + exposure_block - 1) / exposure_block;
}

}  // namespace troika::kernels
