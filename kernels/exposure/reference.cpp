#include <cmath>

#include "kernels/exposure/exposure.h"

namespace troika::kernels {

Image<float> exposure_reference(const Plane16& luma) {
  Image<double> sums(exposure_blocks(luma.width), exposure_blocks(luma.height));
  for (int y = 0; y < luma.height; ++y)
    for (int x = 0; x < luma.width; ++x)
      sums.at(x / exposure_block, y / exposure_block) += std::log2(1.0 + luma.at(x, y));
  Image<float> out(sums.width, sums.height);
  for (std::size_t i = 0; i < out.samples.size(); ++i)
    out.samples[i] = static_cast<float>(sums.samples[i]);
  return out;
}

}  // namespace troika::kernels
