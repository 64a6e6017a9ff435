#include "kernels/luma/luma.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation luma_operation() {
  return define(luma)
      .host(luma_host)
      .opencl_c(luma_opencl())
      .cuda(luma_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 2), integer_of(a, 3)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 2), integer_of(a, 3), 6, 5);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
