#include <cassert>

#include "kernels/enlarge/enlarge.h"

namespace troika::kernels {
namespace {

// 1,024 n / d, to the nearest.
i32 scaled(std::int64_t n, std::int64_t d) noexcept {
  const std::int64_t twice = 2 * 1024 * n;
  return static_cast<i32>((twice + (n < 0 ? -d : d)) / (2 * d));
}

}  // namespace

std::vector<i32> enlarge_weights(int factor) {
  assert(factor >= 1 && factor <= enlarge_factor_max);
  std::vector<i32> weights;
  for (int phase = 0; phase < factor; ++phase) {
    // The pixel's middle lies a / b of the way from one source pixel's middle to the next one's.
    const std::int64_t b = 2 * factor;
    const std::int64_t a = (2 * phase + 1 + factor) % b;
    const std::int64_t d = 2 * b * b * b;
    const i32 first = scaled(-a * a * a + 2 * a * a * b - a * b * b, d);
    const i32 third = scaled(-3 * a * a * a + 4 * a * a * b + a * b * b, d);
    const i32 fourth = scaled(a * a * a - a * a * b, d);
    weights.insert(weights.end(), {first, 1024 - first - third - fourth, third, fourth});
  }
  return weights;
}

Rect enlarge_source(Rect tile, int factor, int source_width, int source_height) noexcept {
  const int x0 = std::max(0, enlarge_left(tile.x, factor) - 1);
  const int y0 = std::max(0, enlarge_left(tile.y, factor) - 1);
  const int x1 = std::min(source_width, enlarge_left(tile.x + tile.w - 1, factor) + 3);
  const int y1 = std::min(source_height, enlarge_left(tile.y + tile.h - 1, factor) + 3);
  return {x0, y0, x1 - x0, y1 - y0};
}

}  // namespace troika::kernels
