#include "kernels/sharpen/sharpen.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation sharpen_operation() {
  return define(sharpen)
      .host(sharpen_host)
      .opencl_c(sharpen_opencl())
      .cuda(sharpen_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 5), integer_of(a, 6)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 5), integer_of(a, 6), 16, 8);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
