#include "kernels/enlarge/enlarge.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation enlarge_operation() {
  return define(enlarge)
      .host(enlarge_host)
      .opencl_c(enlarge_opencl())
      .cuda(enlarge_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 9), integer_of(a, 10)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 9), integer_of(a, 10), 36, 3.5);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
