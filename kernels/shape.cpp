#include "kernels/shape.h"

namespace troika::kernels {
namespace {

constexpr std::size_t run = 16, group_x = 8, group_y = 8;

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

}  // namespace

LaunchShape shape_of_runs(int w, int h) noexcept {
  const std::size_t runs = round_up(static_cast<std::size_t>(w), run) / run;
  return {{round_up(runs, group_x), round_up(static_cast<std::size_t>(h), group_y), 1},
          {group_x, group_y, 1}};
}

Work work_of_pixels(int w, int h, double operations, double bytes) noexcept {
  const double pixels = static_cast<double>(w) * static_cast<double>(h);
  return {pixels * operations, pixels * bytes};
}

}  // namespace troika::kernels
