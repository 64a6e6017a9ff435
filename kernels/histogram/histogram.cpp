#include "kernels/histogram/histogram.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation histogram_operation() {
  return define(histogram)
      .host(histogram_host)
      .opencl_c(histogram_opencl())
      .cuda(histogram_cuda())
      .shape([](std::span<const Arg>) {
        return LaunchShape{{16, 1, 1}, {16, 1, 1}};
      })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 2), integer_of(a, 3), 4, 2);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
