#include "kernels/exposure/exposure.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation exposure_operation() {
  return define(exposure)
      .host(exposure_host)
      .opencl_c(exposure_opencl())
      .cuda(exposure_cuda())
      .shape([](std::span<const Arg> a) {
        return shape_of_runs(integer_of(a, 2), exposure_blocks(integer_of(a, 3)));
      })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 2), integer_of(a, 3), 20, 2);
      })
      .ulps(exposure_ulps)
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
