// Counts how often each of 256 brightnesses occurs in a tile: the reduction's first half.
#pragma once

#include <string>
#include <vector>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int histogram_bins = 256;  // luma / 256

// Luma; the tile's 256 counts; w, h; the luma's pitch in bytes.
inline constexpr Kernel<void(Read<u16>, Write<u32>, i32, i32, u32)> histogram{"histogram"};

// Of the whole picture.
std::vector<u32> histogram_reference(const Plane16& luma);
void histogram_host(HostView<const u16> luma, HostView<u32> bins, i32 w, i32 h, u32 luma_pitch);
std::string histogram_opencl();
std::string histogram_cuda();
Operation histogram_operation();

}  // namespace troika::kernels
