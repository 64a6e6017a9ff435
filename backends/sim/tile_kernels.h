// The kernels of tiled dense factorisations: what they compute, and how well devices commonly do.
#pragma once

#include <span>
#include <string_view>

namespace troika::sim {

// Flops of the factorisations are those of Buttari, Langou, Kurzak and Dongarra, "A class of
// parallel tiled linear algebra algorithms for multicore architectures", 2009.
struct TileKernel {
  std::string_view name;
  double flops;  // on tiles of side b: so many times b^3
  // The share of its peak that a device reaches at large tiles; 0: it has no implementation. These
  // are assumptions, shaped like libraries: panels are narrow, updates are wide.
  double cpu_share, gpu_share, fpga_share;
};

std::span<const TileKernel> tile_kernels() noexcept;
// Null when there is none of that name.
const TileKernel* find_tile_kernel(std::string_view name) noexcept;

}  // namespace troika::sim
