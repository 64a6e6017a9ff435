#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/exposure/exposure.h"
#include "kernels/plane.h"

namespace troika::kernels {

void exposure_host(HostView<const u16> luma, HostView<float> sums, i32 w, i32 h, u32 luma_pitch,
                   u32 sums_pitch) {
  const Plane in{luma, luma_pitch};
  const Plane out{sums, sums_pitch};
  for (int top = 0; top < h; top += exposure_block)
    for (int left = 0; left < w; left += exposure_block) {
      std::array<float, exposure_block> column{};
      const int right = std::min(left + exposure_block, w);
      for (int y = top; y < std::min(top + exposure_block, h); ++y)
        for (int x = left; x < right; ++x)
          column[static_cast<std::size_t>(x - left)] +=
              std::log2(1.0f + static_cast<float>(in.row(y)[x]));
      // Pairwise, so that few roundings lie between any term and the sum.
      for (std::size_t half = exposure_block / 2; half > 0; half /= 2)
        for (std::size_t i = 0; i < half; ++i) column[i] += column[i + half];
      out.row(top / exposure_block)[left / exposure_block] = column[0];
    }
}

}  // namespace troika::kernels
