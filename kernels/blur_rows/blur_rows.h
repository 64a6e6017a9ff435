// Blurs a luma plane along its rows: 17 taps of a Gaussian of standard deviation 3.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int blur_rows_radius = 8;

// Luma, luma; columns and rows of the view read, left and top of the tile in it, w, h; pitches.
inline constexpr Kernel<void(Read<u16>, Write<u16>, i32, i32, i32, i32, i32, i32, u32, u32)>
    blur_rows{"blur_rows"};

Plane16 blur_rows_reference(const Plane16& luma);
void blur_rows_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left,
                    i32 top, i32 w, i32 h, u32 in_pitch, u32 out_pitch);
std::string blur_rows_opencl();
std::string blur_rows_cuda();
Operation blur_rows_operation();

}  // namespace troika::kernels
