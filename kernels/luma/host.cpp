#include "kernels/luma/luma.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Body {
  [[gnu::always_inline]] static inline void run(Plane<const u8> rgb, Plane<u16> out, int w, int h) {
    for (int y = 0; y < h; ++y) {
      const u8* __restrict in = rgb.row(y);
      u16* __restrict to = out.row(y);
      for (int x = 0; x < w; ++x)
        to[x] = static_cast<u16>(77 * in[3 * x] + 150 * in[3 * x + 1] + 29 * in[3 * x + 2]);
    }
  }
};

}  // namespace

void luma_host(HostView<const u8> rgb, HostView<u16> out, i32 w, i32 h, u32 rgb_pitch,
               u32 out_pitch) {
  run_wide<Body>(Plane{rgb, rgb_pitch}, Plane{out, out_pitch}, w, h);
}

}  // namespace troika::kernels
