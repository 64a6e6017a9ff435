#include <algorithm>

#include "kernels/compose/compose.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Row {
  [[gnu::always_inline]] static inline void run(const u8* rgb, const u16* luma, const u16* wanted,
                                                u8* __restrict out, int w) {
    for (int x = 0; x < w; ++x) {
      const u32 scale = (u32{wanted[x]} << 12) / (luma[x] + 64u);
      for (int c = 3 * x; c < 3 * x + 3; ++c)
        out[c] = static_cast<u8>(std::min((rgb[c] * scale + 2048u) >> 12, 255u));
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
