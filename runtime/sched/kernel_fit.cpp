#include "runtime/sched/kernel_fit.h"

#include <algorithm>

namespace troika {
namespace {

// Below this variance of log bytes the sizes are too alike to tell a slope.
constexpr double spread_min = 0.01;
// Draws the slope towards proportional, so that close sizes with noise do not make it wild.
constexpr double slope_prior = 0.001;
// No kernel gets faster with size or grows faster than with the cube of its bytes.
constexpr double slope_max = 3;

}  // namespace

void KernelFit::replace(const Point& before, const Point& after) noexcept {
  add(before, -1);
  add(after, 1);
  solve();
}

void KernelFit::add(const Point& point, double sign) noexcept {
  if (point.weight == 0) return;
  const double w = sign * point.weight, ratio = point.time - point.roofline;
  sizes_ += sign > 0 ? std::size_t{1} : ~std::size_t{0};
  w_ += w;
  x_ += w * point.bytes;
  y_ += w * point.time;
  xx_ += w * point.bytes * point.bytes;
  xy_ += w * point.bytes * point.time;
  yy_ += w * point.time * point.time;
  r_ += w * ratio;
  rr_ += w * ratio * ratio;
}

void KernelFit::solve() noexcept {
  power_law_ = false;
  if (sizes_ == 0) return;
  const double x = x_ / w_, y = y_ / w_;
  correction_ = r_ / w_;
  const double vxx = xx_ / w_ - x * x, vxy = xy_ / w_ - x * y, vyy = yy_ / w_ - y * y;
  if (sizes_ < 2 || vxx < spread_min) return;

  slope_ = std::clamp((vxy + slope_prior) / (vxx + slope_prior), 0.0, slope_max);
  intercept_ = y - slope_ * x;
  const double line_error = std::max(0.0, vyy - 2 * slope_ * vxy + slope_ * slope_ * vxx);
  const double roofline_error = std::max(0.0, rr_ / w_ - correction_ * correction_);
  // Errors per degree of freedom; two points leave the line none, which counts as half a one.
  const double n = static_cast<double>(sizes_);
  power_law_ = line_error / std::max(n - 2, 0.5) < roofline_error / (n - 1);
}

}  // namespace troika
