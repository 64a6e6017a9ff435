#include <algorithm>
#include <cstdlib>

#include "kernels/edges/edges.h"
#include "kernels/row_window.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Row {
  [[gnu::always_inline]] static inline void run(const RowWindow<u16>& window, u16* __restrict out,
                                                int w) {
    const u16 *a = window.row(-1), *b = window.row(0), *c = window.row(1);
    for (int x = 0; x < w; ++x) {
      const int across = a[x + 1] - a[x - 1] + 2 * (b[x + 1] - b[x - 1]) + c[x + 1] - c[x - 1];
      const int down = c[x - 1] - a[x - 1] + 2 * (c[x] - a[x]) + c[x + 1] - a[x + 1];
      const int larger = std::max(std::abs(across), std::abs(down));
      const int smaller = std::min(std::abs(across), std::abs(down));
      out[x] = static_cast<u16>(std::min((larger + (smaller * 3 >> 3)) >> 2, 65'535));
    }
  }
};

}  // namespace

void edges_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left, i32 top,
                i32 w, i32 h, u32 in_pitch, u32 out_pitch) {
  RowWindow<u16> window{{in, in_pitch}, columns, rows, left, top, w, edges_radius, edges_radius};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) {
    window.advance();
    run_wide<Row>(window, to.row(y), w);
  }
}

}  // namespace troika::kernels
