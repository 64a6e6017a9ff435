#include "kernels/luma/luma.h"

namespace troika::kernels {

Plane16 luma_reference(const Rgb8& picture) {
  Plane16 out(picture.width, picture.height);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      out.at(x, y) = static_cast<u16>(77 * picture.at(x, y, 0) + 150 * picture.at(x, y, 1) +
                                      29 * picture.at(x, y, 2));
  return out;
}

}  // namespace troika::kernels
