// Brings out structure: adds to a smooth luma plane what its blurred copy lacks, the more the
// steeper the place, and then spreads the result along the tone curve.
#pragma once

#include <span>
#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

// Smooth luma, blurred luma, steepness, luma out; the tone curve; w, h; the four planes' pitches.
inline constexpr Kernel<void(Read<u16>, Read<u16>, Read<u16>, Write<u16>, Read<u16>, i32, i32, u32,
                             u32, u32, u32)>
    sharpen{"sharpen"};

Plane16 sharpen_reference(const Plane16& smooth, const Plane16& blurred, const Plane16& steep,
                          std::span<const u16> curve);
void sharpen_host(HostView<const u16> smooth, HostView<const u16> blurred,
                  HostView<const u16> steep, HostView<u16> out, HostView<const u16> curve, i32 w,
                  i32 h, u32 smooth_pitch, u32 blurred_pitch, u32 steep_pitch, u32 out_pitch);
std::string sharpen_opencl();
std::string sharpen_cuda();
Operation sharpen_operation();

}  // namespace troika::kernels
