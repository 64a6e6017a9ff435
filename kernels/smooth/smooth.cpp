#include "kernels/smooth/smooth.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation smooth_operation() {
  return define(smooth)
      .host(smooth_host)
      .opencl_c(smooth_opencl())
      .cuda(smooth_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 6), integer_of(a, 7)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 6), integer_of(a, 7), 168, 4);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
