#include <algorithm>
#include <array>

#include "kernels/tone_curve/tone_curve.h"

namespace troika::kernels {

void tone_curve_host(HostView<const u32> bins, HostView<u16> curve, i32 tiles) {
  std::array<u32, 256> sums{};
  for (std::size_t tile = 0; tile < static_cast<std::size_t>(tiles); ++tile)
    for (std::size_t i = 0; i < 256; ++i) sums[i] += bins[256 * tile + i];
  std::uint64_t total = 0;
  for (const u32 count : sums) total += count;

  u32 black = 255, white = 255;
  std::uint64_t up_to_here = total;
  for (u32 i = 256; i-- > 0;) {  // downwards: the last bin seen to be enough is the first one
    if (up_to_here * 1000 > total * 5) black = i;
    if (up_to_here * 1000 >= total * 999) white = i;
    up_to_here -= sums[i];
  }
  white = std::max(black + 1, white);

  for (u32 i = 0; i < tone_curve_points; ++i) {
    const u32 above = i < black ? 0 : std::min(i - black, white - black);
    const std::uint64_t v = above * 65'536u / (white - black);
    curve[i] = static_cast<u16>((v * 98'304u / (v + 32'768u) * 65'280u) >> 16);
  }
}

}  // namespace troika::kernels
