#include <algorithm>

#include "kernels/tone_curve/tone_curve.h"

namespace troika::kernels {

std::vector<u16> tone_curve_reference(std::span<const u32> bins) {
  std::uint64_t total = 0;
  for (const u32 count : bins) total += count;

  const auto first_bin_where = [&](auto enough) {
    std::uint64_t up_to_here = 0;
    for (std::int64_t bin = 0; bin < 256; ++bin) {
      up_to_here += bins[static_cast<std::size_t>(bin)];
      if (enough(up_to_here)) return bin;
    }
    return std::int64_t{255};
  };
  const std::int64_t black = first_bin_where([&](auto n) { return n * 1000 > total * 5; });
  const std::int64_t white =
      std::max(black + 1, first_bin_where([&](auto n) { return n * 1000 >= total * 999; }));

  std::vector<u16> curve(tone_curve_points);
  for (std::int64_t i = 0; i < tone_curve_points; ++i) {
    const std::int64_t v = std::clamp(i - black, std::int64_t{0}, white - black) * 65'536 /
                           (white - black);                            // 65,536 is one
    const std::int64_t lifted = v * (65'536 + 32'768) / (v + 32'768);  // 3 v / (2 v + 1)
    curve[static_cast<std::size_t>(i)] = static_cast<u16>(lifted * 65'280 / 65'536);
  }
  return curve;
}

}  // namespace troika::kernels
