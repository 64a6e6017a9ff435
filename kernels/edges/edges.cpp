#include "kernels/edges/edges.h"

#include "kernels/shape.h"
#include "runtime/graph/kernel_registry.h"

namespace troika::kernels {

Operation edges_operation() {
  return define(edges)
      .host(edges_host)
      .opencl_c(edges_opencl())
      .cuda(edges_cuda())
      .shape(
          [](std::span<const Arg> a) { return shape_of_runs(integer_of(a, 6), integer_of(a, 7)); })
      .work([](std::span<const Arg> a) {
        return work_of_pixels(integer_of(a, 6), integer_of(a, 7), 20, 4);
      })
      .idempotent(true)
      .take();
}

}  // namespace troika::kernels
