#include <algorithm>
#include <array>

#include "kernels/compose/compose.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Row {
  // In stretches: first the scales, then the samples.
  [[gnu::always_inline]] static inline void run(const u8* rgb, const u16* luma, const u16* wanted,
                                                u8* __restrict out, int w) {
    constexpr int stretch = 256;
    std::array<u32, stretch> scale;
    for (int x0 = 0; x0 < w; x0 += stretch) {
      const int n = std::min(stretch, w - x0);
      // CPUs divide doubles side by side, but not integers. The quotient of two integers below
      // 2^31 lies further from the next integer than a double's rounding reaches: it is exact.
      for (int x = 0; x < n; ++x)
        scale[static_cast<unsigned>(x)] = static_cast<u32>(static_cast<i32>(
            static_cast<double>(wanted[x0 + x] << 12) / static_cast<double>(luma[x0 + x] + 64)));
      const u8* from = rgb + 3 * x0;
      u8* __restrict to = out + 3 * x0;
      for (int x = 0; x < n; ++x)
        for (int c = 0; c < 3; ++c)
          to[3 * x + c] = static_cast<u8>(
              std::min((from[3 * x + c] * scale[static_cast<unsigned>(x)] + 2048u) >> 12, 255u));
    }
  }
};

}  // namespace

void compose_host(HostView<const u8> rgb, HostView<const u16> luma, HostView<const u16> wanted,
                  HostView<u8> out, i32 w, i32 h, u32 rgb_pitch, u32 luma_pitch, u32 wanted_pitch,
                  u32 out_pitch) {
  const Plane in{rgb, rgb_pitch};
  const Plane old{luma, luma_pitch}, fresh{wanted, wanted_pitch};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) run_wide<Row>(in.row(y), old.row(y), fresh.row(y), to.row(y), w);
}

}  // namespace troika::kernels
