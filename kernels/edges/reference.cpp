#include <cstdlib>

#include "kernels/edges/edges.h"

namespace troika::kernels {

Plane16 edges_reference(const Plane16& luma) {
  constexpr int weight[] = {1, 2, 1};
  Plane16 out(luma.width, luma.height);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      int across = 0, down = 0;
      for (int i = -1; i <= 1; ++i) {
        across += weight[i + 1] * (luma.clamped(x + 1, y + i) - luma.clamped(x - 1, y + i));
        down += weight[i + 1] * (luma.clamped(x + i, y + 1) - luma.clamped(x + i, y - 1));
      }
      const int larger = std::max(std::abs(across), std::abs(down));
      const int smaller = std::min(std::abs(across), std::abs(down));
      out.at(x, y) = static_cast<u16>(std::min((larger + smaller * 3 / 8) / 4, 65'535));
    }
  return out;
}

}  // namespace troika::kernels
