// How steep a luma plane is: Sobel's two slopes, joined without a square root as the larger plus
// three eighths of the smaller.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int edges_radius = 1;

// Luma, steepness; columns and rows of the view read, left and top of the tile in it, w, h;
// pitches.
inline constexpr Kernel<void(Read<u16>, Write<u16>, i32, i32, i32, i32, i32, i32, u32, u32)> edges{
    "edges"};

Plane16 edges_reference(const Plane16& luma);
void edges_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left, i32 top,
                i32 w, i32 h, u32 in_pitch, u32 out_pitch);
std::string edges_opencl();
std::string edges_cuda();
Operation edges_operation();

}  // namespace troika::kernels
