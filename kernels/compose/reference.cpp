#include <algorithm>

#include "kernels/compose/compose.h"

namespace troika::kernels {

Rgb8 compose_reference(const Rgb8& picture, const Plane16& luma, const Plane16& wanted) {
  Rgb8 out(picture.width, picture.height, 3);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      // 4,096 is one. The 64 keep the grain of what is nearly black from being blown up.
      const u32 scale = wanted.at(x, y) * 4096u / (luma.at(x, y) + 64u);
      for (int c = 0; c < 3; ++c)
        out.at(x, y, c) =
            static_cast<u8>(std::min((picture.at(x, y, c) * scale + 2048u) / 4096u, 255u));
    }
  return out;
}

}  // namespace troika::kernels
