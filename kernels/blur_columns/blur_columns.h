// Blurs a luma plane along its columns: 17 taps of a Gaussian of standard deviation 3.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int blur_columns_radius = 8;

// Luma, luma; columns and rows of the view read, left and top of the tile in it, w, h; pitches.
inline constexpr Kernel<void(Read<u16>, Write<u16>, i32, i32, i32, i32, i32, i32, u32, u32)>
    blur_columns{"blur_columns"};

Plane16 blur_columns_reference(const Plane16& luma);
void blur_columns_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left,
                       i32 top, i32 w, i32 h, u32 in_pitch, u32 out_pitch);
std::string blur_columns_opencl();
std::string blur_columns_cuda();
Operation blur_columns_operation();

}  // namespace troika::kernels
