#include "kernels/tone_curve/tone_curve.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation tone_curve_operation() {
  return define(tone_curve)
      .host(tone_curve_host)
      .opencl_c(tone_curve_opencl())
      .cuda(tone_curve_cuda())
      .shape([](std::span<const Arg>) {
        return LaunchShape{{256, 1, 1}, {256, 1, 1}};
      })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(256, integer_of(a, 2), 1, sizeof(u32));
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
