// How one kernel's time grows with size on one device, from the sizes that were measured.
#pragma once

#include <cstddef>

namespace troika {

// Two models compete: a power law of the bytes (a line in logarithms), and the roofline times a
// factor. The one that fits the measured sizes better for its number of parameters predicts.
class KernelFit {
 public:
  // One measured size; natural logarithms of bytes and nanoseconds.
  struct Point {
    double bytes = 0, time = 0, roofline = 0;
    double weight = 0;  // 0: contributes nothing
  };

  void replace(const Point& before, const Point& after) noexcept;

  // Distinct sizes measured.
  std::size_t sizes() const noexcept { return sizes_; }
  // Mean of time - roofline. At least one size.
  double correction() const noexcept { return correction_; }
  // At least one size.
  double predict(double bytes, double roofline) const noexcept {
    return power_law_ ? intercept_ + slope_ * bytes : roofline + correction_;
  }

 private:
  void add(const Point& point, double sign) noexcept;
  void solve() noexcept;

  std::size_t sizes_ = 0;
  // Weighted sums over the points.
  double w_ = 0, x_ = 0, y_ = 0, xx_ = 0, xy_ = 0, yy_ = 0, r_ = 0, rr_ = 0;
  bool power_law_ = false;
  double intercept_ = 0, slope_ = 1, correction_ = 0;
};

}  // namespace troika
