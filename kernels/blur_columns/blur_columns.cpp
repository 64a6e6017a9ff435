#include "kernels/blur_columns/blur_columns.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation blur_columns_operation() {
  return define(blur_columns)
      .host(blur_columns_host)
      .opencl_c(blur_columns_opencl())
      .cuda(blur_columns_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 6), integer_of(a, 7)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 6), integer_of(a, 7), 34, 4);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
