#include "kernels/histogram/histogram.h"

namespace troika::kernels {

std::vector<u32> histogram_reference(const Plane16& luma) {
  std::vector<u32> bins(histogram_bins);
  for (const u16 value : luma.samples) ++bins[value / 256u];
  return bins;
}

}  // namespace troika::kernels
