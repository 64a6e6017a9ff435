// Adds up the tiles' histograms and draws from them the curve that spreads the picture's
// brightnesses: the reduction's second half.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int tone_curve_points = 257;  // at luma 0, 256, 512, …

// The tiles' counts, 256 each; the curve; how many tiles.
inline constexpr Kernel<void(Read<u32>, Write<u16>, i32)> tone_curve{"tone_curve"};

// From one picture's 256 counts. Black is where 0.5 % of the pixels are darker and white where
// 0.1 % are brighter; between them v becomes 3 v / (2 v + 1), which lifts the shadows.
std::vector<u16> tone_curve_reference(std::span<const u32> bins);
void tone_curve_host(HostView<const u32> bins, HostView<u16> curve, i32 tiles);
std::string tone_curve_opencl();
std::string tone_curve_cuda();
Operation tone_curve_operation();

}  // namespace troika::kernels
