#include <algorithm>
#include <array>

#include "kernels/luma/luma.h"
#include "kernels/plane.h"
#include "kernels/sharpen/sharpen.h"
#include "wide.h"

namespace troika::kernels {
namespace {

using Curve = std::array<u32, 256>;  // a point in the lower half, the step to the next in the upper

struct Row {
  [[gnu::always_inline]] static inline void run(const u16* smooth, const u16* blurred,
                                                const u16* steep, u16* __restrict out,
                                                const Curve& curve, int w) {
    for (int x = 0; x < w; ++x) {
      const int gain = 32 + std::min(steep[x] >> 5, 480);
      const int lacking = smooth[x] - blurred[x];
      const int added = lacking * gain >> 8;  // C++20 rounds down
      const int raised = std::clamp(smooth[x] + added, 0, int{luma_max});
      const u32 point = curve[static_cast<u32>(raised) >> 8];
      const u32 rest = static_cast<u32>(raised) & 255;
      out[x] = static_cast<u16>((point & 0xffff) + ((point >> 16) * rest >> 8));
    }
  }
};

}  // namespace

void sharpen_host(HostView<const u16> smooth, HostView<const u16> blurred,
                  HostView<const u16> steep, HostView<u16> out, HostView<const u16> curve, i32 w,
                  i32 h, u32 smooth_pitch, u32 blurred_pitch, u32 steep_pitch, u32 out_pitch) {
  Curve steps;  // the curve never falls
  for (std::size_t i = 0; i < steps.size(); ++i)
    steps[i] = curve[i] | static_cast<u32>(curve[i + 1] - curve[i]) << 16;
  const Plane s{smooth, smooth_pitch}, b{blurred, blurred_pitch}, e{steep, steep_pitch};
  const Plane to{out, out_pitch};
  for (int y = 0; y < h; ++y) run_wide<Row>(s.row(y), b.row(y), e.row(y), to.row(y), steps, w);
}

}  // namespace troika::kernels
