#include <cstdlib>

#include "kernels/plane.h"
#include "kernels/row_window.h"
#include "kernels/smooth/smooth.h"
#include "wide.h"

namespace troika::kernels {
namespace {

[[gnu::always_inline]] inline int pull(int centre, int neighbour) {
  const int difference = neighbour - centre;
  return difference * std::max(0, smooth_reach - std::abs(difference));
}

struct Row {
  [[gnu::always_inline]] static inline void run(const RowWindow<u16>& window, u16* __restrict out,
                                                int w) {
    const u16 *a = window.row(-2), *b = window.row(-1), *c = window.row(0), *d = window.row(1),
              *e = window.row(2);
    for (int x = 0; x < w; ++x) {
      const int v = c[x];
      const int near = pull(v, b[x]) + pull(v, d[x]) + pull(v, c[x - 1]) + pull(v, c[x + 1]);
      const int diagonal =
          pull(v, b[x - 1]) + pull(v, b[x + 1]) + pull(v, d[x - 1]) + pull(v, d[x + 1]);
      const int far = pull(v, a[x]) + pull(v, e[x]) + pull(v, c[x - 2]) + pull(v, c[x + 2]);
      const int knight = pull(v, a[x - 1]) + pull(v, a[x + 1]) + pull(v, e[x - 1]) +
                         pull(v, e[x + 1]) + pull(v, b[x - 2]) + pull(v, b[x + 2]) +
                         pull(v, d[x - 2]) + pull(v, d[x + 2]);
      const int corner =
          pull(v, a[x - 2]) + pull(v, a[x + 2]) + pull(v, e[x - 2]) + pull(v, e[x + 2]);
      // |sum| < 2^30: the bias keeps the shifted number positive.
      const int sum = 24 * near + 16 * diagonal + 6 * far + 4 * knight + corner;
      out[x] = static_cast<u16>(v - 1024 + ((sum + (1 << 30) + (1 << 19)) >> 20));
    }
  }
};

}  // namespace

void smooth_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left,
                 i32 top, i32 w, i32 h, u32 in_pitch, u32 out_pitch) {
  RowWindow<u16> window{{in, in_pitch}, columns, rows, left, top, w, smooth_radius, smooth_radius};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) {
    window.advance();
    run_wide<Row>(window, to.row(y), w);
  }
}

}  // namespace troika::kernels
