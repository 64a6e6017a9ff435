// A kernel in OpenCL C in one line, with a fallback on the host: whichever device can take it does.
//
//   x ──> cube ──> y
#include <cstdio>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Read<float>, Write<float>)> cube{"cube"};

static void cube_host(HostView<const float> x, HostView<float> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * x[i] * x[i];
}

int main() {
  // A buffer argument is a pointer and the byte where the view begins.
  const char* code =
      "kernel void cube(global const float* x, ulong x0, global float* y, ulong y0) {"
      "  size_t i = get_global_id(0); float v = x[x0 / 4 + i]; y[y0 / 4 + i] = v * v * v; }";

  Runtime rt;
  throw_if_failed(define(cube).host(cube_host).opencl_c(code).into(rt.kernels()));
  auto x = rt.buffer<float>(1'000), y = rt.buffer<float>(1'000);
  for (float& v : x.write()) v = 3;

  Graph g;
  TaskRef task = g.add(cube, x, y);
  for (const auto& device : rt.devices())
    if (device->info().backend == "opencl") task.only_on("opencl");  // there is one: insist
  Plan plan = rt.compile(g);
  std::printf("%s", plan.explain(task).c_str());
  rt.run(plan).wait();
  for (float v : y.read())
    if (v != 27) return 1;
  std::printf("1000 elements are 27\n");
}
