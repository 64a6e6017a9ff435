// Enlarges an RGB picture by a whole factor: cubic interpolation after Catmull and Rom, in whole
// numbers.
#pragma once

#include <string>
#include <vector>

#include "kernels/image.h"
#include "kernels/tile.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr int enlarge_factor_max = 64;

// Of four neighbouring source pixels, for each of the `factor` positions between two of them; every
// four add up to 1,024. 1 <= factor <= enlarge_factor_max.
std::vector<i32> enlarge_weights(int factor);

// The part of a source picture that a tile of the enlarged one is made from.
Rect enlarge_source(Rect tile, int factor, int source_width, int source_height) noexcept;

// The source pixel at or left of the middle of enlarged pixel x; -1 left of the first one's middle.
constexpr int enlarge_left(int x, int factor) noexcept {
  return x / factor - (2 * (x % factor) + 1 < factor ? 1 : 0);
}

// Source RGB, enlarged RGB; weights; columns, rows, x and y of the source view, x, y, w and h of
// the tile; pitches; factor.
inline constexpr Kernel<void(Read<u8>, Write<u8>, Read<i32>, i32, i32, i32, i32, i32, i32, i32, i32,
                             u32, u32, i32)>
    enlarge{"enlarge"};

Rgb8 enlarge_reference(const Rgb8& source, int factor);
void enlarge_host(HostView<const u8> source, HostView<u8> out, HostView<const i32> weights,
                  i32 columns, i32 rows, i32 source_x, i32 source_y, i32 x, i32 y, i32 w, i32 h,
                  u32 source_pitch, u32 out_pitch, i32 factor);
std::string enlarge_opencl();
std::string enlarge_cuda();
Operation enlarge_operation();

}  // namespace troika::kernels
