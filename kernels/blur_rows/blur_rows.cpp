#include "kernels/blur_rows/blur_rows.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation blur_rows_operation() {
  return define(blur_rows)
      .host(blur_rows_host)
      .opencl_c(blur_rows_opencl())
      .cuda(blur_rows_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 6), integer_of(a, 7)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 6), integer_of(a, 7), 34, 4);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
