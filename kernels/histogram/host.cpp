#include <algorithm>
#include <array>

#include "kernels/histogram/histogram.h"
#include "kernels/plane.h"

namespace troika::kernels {

void histogram_host(HostView<const u16> luma, HostView<u32> bins, i32 w, i32 h, u32 luma_pitch) {
  // Neighbours are often equal: four tables keep one's increment from waiting for the other's.
  std::array<std::array<u32, histogram_bins>, 4> counts{};
  const Plane in{luma, luma_pitch};
  for (int y = 0; y < h; ++y) {
    const u16* row = in.row(y);
    for (int x = 0; x < w; ++x) ++counts[static_cast<unsigned>(x) % 4][row[x] >> 8];
  }
  for (std::size_t i = 0; i < histogram_bins; ++i)
    bins[i] = counts[0][i] + counts[1][i] + counts[2][i] + counts[3][i];
}

}  // namespace troika::kernels
