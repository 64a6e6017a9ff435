#include "kernels/compose/compose.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation compose_operation() {
  return define(compose)
      .host(compose_host)
      .opencl_c(compose_opencl())
      .cuda(compose_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 4), integer_of(a, 5)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 4), integer_of(a, 5), 20, 10);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
