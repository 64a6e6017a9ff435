#include <cstdlib>

#include "kernels/blur_rows/blur_rows.h"
#include "kernels/gaussian.h"

namespace troika::kernels {

Plane16 blur_rows_reference(const Plane16& luma) {
  Plane16 out(luma.width, luma.height);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      std::uint64_t sum = 0;
      for (int i = -blur_rows_radius; i <= blur_rows_radius; ++i)
        sum += std::uint64_t{gaussian[std::abs(i)]} * luma.clamped(x + i, y);
      out.at(x, y) = static_cast<u16>((sum + 32'768) / 65'536);
    }
  return out;
}

}  // namespace troika::kernels
