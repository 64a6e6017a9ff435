#include <algorithm>
#include <vector>

#include "kernels/blur_columns/blur_columns.h"
#include "kernels/gaussian.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

constexpr int radius = blur_columns_radius;

// Each of these runs along one row, so that the sums stay in the first cache.
struct Begin {
  [[gnu::always_inline]] static inline void run(u32* __restrict sum, const u16* middle, int w) {
    for (int x = 0; x < w; ++x) sum[x] = gaussian[0] * middle[x] + 32'768;
  }
};
struct Add {
  [[gnu::always_inline]] static inline void run(u32* __restrict sum, const u16* above,
                                                const u16* below, u32 weight, int w) {
    for (int x = 0; x < w; ++x) sum[x] += weight * (u32{above[x]} + below[x]);
  }
};
struct Finish {
  [[gnu::always_inline]] static inline void run(const u32* sum, u16* __restrict out, int w) {
    for (int x = 0; x < w; ++x) out[x] = static_cast<u16>(sum[x] >> 16);
  }
};

}  // namespace

void blur_columns_host(HostView<const u16> in, HostView<u16> out, i32, i32 rows, i32 left, i32 top,
                       i32 w, i32 h, u32 in_pitch, u32 out_pitch) {
  const Plane from{in, in_pitch};
  const Plane to{out, out_pitch};
  std::vector<u32> sums(static_cast<std::size_t>(w));
  u32* const sum = sums.data();
  for (int y = 0; y < h; ++y) {
    const auto row = [&](int dy) { return from.row(std::clamp(top + y + dy, 0, rows - 1)) + left; };
    run_wide<Begin>(sum, row(0), w);
    for (int i = 1; i <= radius; ++i) run_wide<Add>(sum, row(-i), row(i), gaussian[i], w);
    run_wide<Finish>(sum, to.row(y), w);
  }
}

}  // namespace troika::kernels
