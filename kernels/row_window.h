// The rows around the one a host kernel computes, widened by repeated pixels to both sides.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/plane.h"

namespace troika::kernels {

template <class T>
class RowWindow {
 public:
  // `in`: a view of `columns` x `rows` pixels, in which a tile of width `w` begins at left, top.
  // Stands before the tile's first row.
  RowWindow(Plane<const T> in, int columns, int rows, int left, int top, int w, int radius_x,
            int radius_y)
      : in_{in},
        columns_{columns},
        last_row_{rows - 1},
        top_{top},
        before_{radius_x - left},
        inside_{std::min(columns, w + radius_x + left)},
        radius_x_{radius_x},
        radius_y_{radius_y},
        stride_{static_cast<std::size_t>(w + 2 * radius_x)},
        ring_(stride_ * static_cast<std::size_t>(2 * radius_y + 1)) {
    for (int y = -radius_y; y < radius_y; ++y) load(y);
  }

  // Moves on to the tile's next row.
  void advance() { load(++y_ + radius_y_); }

  // The row `dy` below the current one, |dy| <= radius_y; [x] is column x of the tile, for
  // -radius_x <= x < w + radius_x.
  const T* row(int dy) const noexcept { return ring_.data() + slot(y_ + dy) + radius_x_; }

 private:
  // Tile row y's place in the ring.
  std::size_t slot(int y) const noexcept {
    return static_cast<std::size_t>((y + radius_y_) % (2 * radius_y_ + 1)) * stride_;
  }
  void load(int y) {
    const T* from = in_.row(std::clamp(top_ + y, 0, last_row_));
    T* to = ring_.data() + slot(y);
    T* const end = to + stride_;
    to = std::fill_n(to, before_, from[0]);
    to = std::copy_n(from, inside_, to);
    std::fill(to, end, from[columns_ - 1]);
  }

  Plane<const T> in_;
  int columns_, last_row_, top_;
  int before_, inside_;  // of a widened row: pixels repeated at its left, pixels of the view
  int radius_x_, radius_y_;
  int y_ = -1;
  std::size_t stride_;
  std::vector<T> ring_;
};

}  // namespace troika::kernels
