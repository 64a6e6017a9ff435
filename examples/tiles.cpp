// A picture smoothed in tiles, each of which reads a halo of its neighbours' elements: 2-D views,
// and edges where views overlap and nowhere else.
//
//   ramp rows 0-31 ──┬──> smooth rows 1-32 (reads rows 0-33)
//   ramp rows 32-63 ─┴┬─> smooth rows 33-64 (reads rows 32-65)     and the same in columns
//   ramp rows 64-95 ──┴─> ...
#include <algorithm>
#include <cstdio>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Write<float>, float)> ramp{"ramp"};
// Each element is the mean of its left and right, upper and lower neighbours; the rim is left out.
inline constexpr Kernel<void(Read<float>, Write<float>)> smooth{"smooth"};

constexpr std::size_t side = 128, tile = 32;

static void ramp_host(HostView<float> out, float first) {
  for (std::size_t y = 0; y < out.rows(); ++y)
    for (std::size_t x = 0; x < out.cols(); ++x) out.row(y)[x] = first + static_cast<float>(x + y);
}

static void smooth_host(HostView<const float> in, HostView<float> out) {
  for (std::size_t y = 0; y < out.rows(); ++y)
    for (std::size_t x = 0; x < out.cols(); ++x)
      out.row(y)[x] =
          (in.row(y)[x + 1] + in.row(y + 2)[x + 1] + in.row(y + 1)[x] + in.row(y + 1)[x + 2]) / 4;
}

int main() {
  Runtime rt;
  throw_if_failed(define(ramp).host(ramp_host).into(rt.kernels()));
  throw_if_failed(define(smooth).host(smooth_host).into(rt.kernels()));
  auto picture = rt.buffer<float>(side * side), smoothed = rt.buffer<float>(side * side);
  std::ranges::fill(smoothed.write(), 0.0F);

  Graph g;
  for (std::size_t y = 0; y < side; y += tile)
    for (std::size_t x = 0; x < side; x += tile)
      g.add(ramp, picture.tile(y * side + x, tile, tile, side), static_cast<float>(x + y));
  for (std::size_t y = 1; y + 1 < side; y += tile)
    for (std::size_t x = 1; x + 1 < side; x += tile) {
      const std::size_t rows = std::min(tile, side - 1 - y), cols = std::min(tile, side - 1 - x);
      g.add(smooth, picture.tile((y - 1) * side + x - 1, cols + 2, rows + 2, side),
            smoothed.tile(y * side + x, cols, rows, side));
    }
  const Plan plan = rt.compile(g);
  rt.run(plan).wait();

  const auto out = smoothed.read();
  for (std::size_t y = 1; y + 1 < side; ++y)  // the mean of a plane's neighbours is the plane
    for (std::size_t x = 1; x + 1 < side; ++x)
      if (out[y * side + x] != static_cast<float>(x + y)) return std::puts("a wrong element"), 1;
  std::printf("%zu tasks smoothed %zu x %zu elements\n", plan.size(), side - 2, side - 2);
}
