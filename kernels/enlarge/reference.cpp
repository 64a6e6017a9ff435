#include <algorithm>

#include "kernels/enlarge/enlarge.h"

namespace troika::kernels {

Rgb8 enlarge_reference(const Rgb8& source, int factor) {
  const std::vector<i32> weights = enlarge_weights(factor);
  const auto weight = [&](int position, int tap) {
    const int at = 4 * (position % factor) + tap;
    return weights[static_cast<std::size_t>(at)];
  };
  Rgb8 out(source.width * factor, source.height * factor, 3);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int j = 0; j < 4; ++j)
          for (int i = 0; i < 4; ++i)
            sum +=
                weight(x, i) * weight(y, j) *
                source.clamped(enlarge_left(x, factor) - 1 + i, enlarge_left(y, factor) - 1 + j, c);
        const int rounded = std::max(sum + (1 << 19), 0) >> 20;
        out.at(x, y, c) = static_cast<u8>(std::min(rounded, 255));
      }
  return out;
}

}  // namespace troika::kernels
