#include <algorithm>

#include "kernels/luma/luma.h"
#include "kernels/sharpen/sharpen.h"

namespace troika::kernels {

Plane16 sharpen_reference(const Plane16& smooth, const Plane16& blurred, const Plane16& steep,
                          std::span<const u16> curve) {
  Plane16 out(smooth.width, smooth.height);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const int gain = 32 + std::min(steep.at(x, y) / 32, 480);  // 256 is one
      const int lacking = smooth.at(x, y) - blurred.at(x, y);
      const int added = (lacking * gain) >> 8;
      const int raised = std::clamp(smooth.at(x, y) + added, 0, int{luma_max});
      const auto point = static_cast<std::size_t>(raised / 256);
      const int step = curve[point + 1] - curve[point];
      out.at(x, y) = static_cast<u16>(curve[point] + step * (raised % 256) / 256);
    }
  return out;
}

}  // namespace troika::kernels
