#include "kernels/blur_rows/blur_rows.h"
#include "kernels/gaussian.h"
#include "kernels/row_window.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Row {
  [[gnu::always_inline]] static inline void run(const u16* in, u16* __restrict out, int w) {
    for (int x = 0; x < w; ++x) {
      const auto pair = [&](int i) { return gaussian[i] * (u32{in[x - i]} + in[x + i]); };
      const u32 sum = gaussian[0] * in[x] + pair(1) + pair(2) + pair(3) + pair(4) + pair(5) +
                      pair(6) + pair(7) + pair(8);
      out[x] = static_cast<u16>((sum + 32'768) >> 16);
    }
  }
};

}  // namespace

void blur_rows_host(HostView<const u16> in, HostView<u16> out, i32 columns, i32 rows, i32 left,
                    i32 top, i32 w, i32 h, u32 in_pitch, u32 out_pitch) {
  RowWindow<u16> window{{in, in_pitch}, columns, rows, left, top, w, blur_rows_radius, 0};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) {
    window.advance();
    run_wide<Row>(window.row(0), to.row(y), w);
  }
}

}  // namespace troika::kernels
