#include <array>

#include "kernels/blur_columns/blur_columns.h"
#include "kernels/gaussian.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

constexpr int radius = blur_columns_radius;
using Rows = std::array<const u16*, 2 * radius + 1>;

struct Row {
  [[gnu::always_inline]] static inline void run(const Rows& in, u16* __restrict out, int w) {
    for (int x = 0; x < w; ++x) {
      const auto pair = [&](int i) {
        return gaussian[i] * (u32{in[static_cast<unsigned>(radius - i)][x]} +
                              in[static_cast<unsigned>(radius + i)][x]);
      };
      const u32 sum = gaussian[0] * in[radius][x] + pair(1) + pair(2) + pair(3) + pair(4) +
                      pair(5) + pair(6) + pair(7) + pair(8);
      out[x] = static_cast<u16>((sum + 32'768) >> 16);
    }
  }
};

}  // namespace

void blur_columns_host(HostView<const u16> in, HostView<u16> out, i32, i32 rows, i32 left, i32 top,
                       i32 w, i32 h, u32 in_pitch, u32 out_pitch) {
  const Plane from{in, in_pitch};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) {
    Rows around;
    for (int i = -radius; i <= radius; ++i)
      around[static_cast<unsigned>(radius + i)] =
          from.row(std::clamp(top + y + i, 0, rows - 1)) + left;
    run_wide<Row>(around, to.row(y), w);
  }
}

}  // namespace troika::kernels
