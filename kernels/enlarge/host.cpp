#include <algorithm>
#include <array>

#include "kernels/enlarge/enlarge.h"
#include "kernels/plane.h"
#include "wide.h"

namespace troika::kernels {
namespace {

struct Down {  // four source rows joined into one
  [[gnu::always_inline]] static inline void run(const std::array<const u8*, 4>& rows,
                                                const i32* weights, i32* __restrict out, int n) {
    const u8 *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    const i32 p = weights[0], q = weights[1], r = weights[2], s = weights[3];
    for (int i = 0; i < n; ++i) out[i] = p * a[i] + q * b[i] + r * c[i] + s * d[i];
  }
};

struct Across {  // every factor-th pixel of an enlarged row: those of one phase
  [[gnu::always_inline]] static inline void run(const i32* in, const i32* weights,
                                                u8* __restrict out, int n) {
    const i32 p = weights[0], q = weights[1], r = weights[2], s = weights[3];
    for (int i = 0; i < n; ++i) {
      const i32 sum = p * in[i] + q * in[i + 3] + r * in[i + 6] + s * in[i + 9];
      out[i] = static_cast<u8>(std::min(std::max(sum + (1 << 19), 0) >> 20, 255));
    }
  }
};

}  // namespace

void enlarge_host(HostView<const u8> source, HostView<u8> out, HostView<const i32> weights,
                  i32 columns, i32 rows, i32 source_x, i32 source_y, i32 x, i32 y, i32 w, i32 h,
                  u32 source_pitch, u32 out_pitch, i32 factor) {
  const Plane in{source, source_pitch};
  const Plane to{out, out_pitch};
  // Two source pixels are repeated on either side; a pixel's taps then begin at enlarge_left + 1.
  std::vector<i32> joined(static_cast<std::size_t>(3 * (columns + 4)));
  const int positions = columns + 1;
  std::vector<u8> phases(static_cast<std::size_t>(factor) *
                         static_cast<std::size_t>(3 * positions));
  const auto of_phase = [&](int phase) {
    return phases.data() +
           static_cast<std::size_t>(phase) * static_cast<std::size_t>(3 * positions);
  };

  for (int j = 0; j < h; ++j) {
    const int above = enlarge_left(y + j, factor) - 1 - source_y;
    std::array<const u8*, 4> taps;
    for (int t = 0; t < 4; ++t)
      taps[static_cast<std::size_t>(t)] = in.row(std::clamp(above + t, 0, rows - 1));
    i32* const middle = joined.data() + 6;
    run_wide<Down>(taps, weights.data() + 4 * ((y + j) % factor), middle, 3 * columns);
    for (int i = 0; i < 6; ++i) {
      joined[static_cast<std::size_t>(i)] = middle[i % 3];
      middle[3 * columns + i] = middle[3 * (columns - 1) + i % 3];
    }
    for (int phase = 0; phase < factor; ++phase)
      run_wide<Across>(joined.data(), weights.data() + 4 * phase, of_phase(phase), 3 * positions);

    u8* pixel = to.row(j);
    for (int i = x; i < x + w; ++i, pixel += 3) {
      const u8* from = of_phase(i % factor) + 3 * (enlarge_left(i, factor) + 1 - source_x);
      pixel[0] = from[0];
      pixel[1] = from[1];
      pixel[2] = from[2];
    }
  }
}

}  // namespace troika::kernels
