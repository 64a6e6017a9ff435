// Launch shapes and scalars that several picture kernels share.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/graph/operation.h"

namespace troika::kernels {

// Argument i, a scalar.
inline std::int32_t integer_of(std::span<const Arg> args, std::size_t i) noexcept {
  return args[i].scalar.as<std::int32_t>();
}

// Items of one row are runs of 16 pixels, as in prelude.cl. All tiles get work-groups of one size:
// a compiler that specialises a kernel for its work-group then does so once. Items beyond the tile
// return at once.
LaunchShape shape_of_runs(int w, int h) noexcept;

// Work of w x h pixels at so many operations and bytes each.
Work work_of_pixels(int w, int h, double operations, double bytes) noexcept;

}  // namespace troika::kernels
