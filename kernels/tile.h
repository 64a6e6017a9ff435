// The rectangle of a picture that one task computes, and the part of its inputs that it reads.
#pragma once

#include <algorithm>

namespace troika::kernels {

struct Rect {
  int x = 0, y = 0, w = 0, h = 0;
  friend bool operator==(const Rect&, const Rect&) = default;
};

// A view that a kernel with a radius reads, and where the tile lies within it. The view ends at the
// picture's border, and beyond a view's edge its outermost pixels repeat: so a kernel need not know
// the picture.
struct Halo {
  Rect view;              // within the picture
  int left = 0, top = 0;  // of the tile, within the view
};

constexpr Halo halo_of(Rect tile, int radius_x, int radius_y, int width, int height) noexcept {
  const int x0 = std::max(0, tile.x - radius_x), y0 = std::max(0, tile.y - radius_y);
  const int x1 = std::min(width, tile.x + tile.w + radius_x);
  const int y1 = std::min(height, tile.y + tile.h + radius_y);
  return {{x0, y0, x1 - x0, y1 - y0}, tile.x - x0, tile.y - y0};
}

}  // namespace troika::kernels
