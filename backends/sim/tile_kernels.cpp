#include "backends/sim/tile_kernels.h"

#include <algorithm>
#include <array>

namespace troika::sim {
namespace {

constexpr std::array kernels{
    TileKernel{"potrf", 1.0 / 3, 0.60, 0.06, 0}, TileKernel{"trsm", 1, 0.80, 0.45, 0},
    TileKernel{"syrk", 1, 0.85, 0.75, 0.60},     TileKernel{"gemm", 2, 0.90, 0.85, 0.80},
    TileKernel{"getrf", 2.0 / 3, 0.50, 0.05, 0}, TileKernel{"trsm_ll", 1, 0.80, 0.45, 0},
    TileKernel{"trsm_ru", 1, 0.80, 0.45, 0},     TileKernel{"geqrt", 4.0 / 3, 0.45, 0.04, 0},
    TileKernel{"ormqr", 2, 0.70, 0.50, 0},       TileKernel{"tsqrt", 2, 0.40, 0.04, 0},
    TileKernel{"tsmqr", 4, 0.70, 0.55, 0.40},
};

}  // namespace

std::span<const TileKernel> tile_kernels() noexcept { return kernels; }

const TileKernel* find_tile_kernel(std::string_view name) noexcept {
  const auto found = std::find_if(kernels.begin(), kernels.end(),
                                  [&](const TileKernel& kernel) { return kernel.name == name; });
  return found == kernels.end() ? nullptr : &*found;
}

}  // namespace troika::sim
