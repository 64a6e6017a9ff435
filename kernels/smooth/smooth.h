// Evens out the grain of a luma plane and keeps its edges: every neighbour within two pixels pulls
// the pixel towards itself, in full when it is close in value and not at all when it differs by
// `smooth_reach` or more.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int smooth_radius = 2;
inline constexpr int smooth_reach = 4096;  // sixteen of 255 grey levels

// Luma, luma; columns and rows of the view read, left and top of the tile in it, w, h; pitches.
inline constexpr Kernel<void(Read<u16>, Write<u16>, i32, i32, i32, i32, i32, i32, u32, u32)> smooth{
    "smooth"};

Plane16 smooth_reference(const Plane16& luma);
void smooth_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left,
                 i32 top, i32 w, i32 h, u32 in_pitch, u32 out_pitch);
std::string smooth_opencl();
std::string smooth_cuda();
Operation smooth_operation();

}  // namespace troika::kernels
