#include <cstdlib>

#include "kernels/smooth/smooth.h"

namespace troika::kernels {

Plane16 smooth_reference(const Plane16& luma) {
  constexpr int weight[] = {1, 4, 6, 4, 1};  // both ways: their products add up to 256
  Plane16 out(luma.width, luma.height);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const int centre = luma.at(x, y);
      std::int64_t pull = 0;
      for (int dy = -smooth_radius; dy <= smooth_radius; ++dy)
        for (int dx = -smooth_radius; dx <= smooth_radius; ++dx) {
          const int difference = luma.clamped(x + dx, y + dy) - centre;
          const int trust = std::max(0, smooth_reach - std::abs(difference));
          pull += weight[dy + 2] * weight[dx + 2] * difference * trust;
        }
      // Divided by 256 * smooth_reach, to the nearest; a shift rounds negative numbers down.
      out.at(x, y) = static_cast<u16>(centre + ((pull + (1 << 19)) >> 20));
    }
  return out;
}

}  // namespace troika::kernels
