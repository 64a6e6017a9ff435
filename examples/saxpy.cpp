// The smallest whole program: two kernels, one of them also in OpenCL C, on memory of the caller's.
//
//   fill ──> y ──┐
//                ├──> saxpy ──> y
//   host_x ─────┘
#include <cstdio>
#include <vector>

#include "runtime/troika.h"

using namespace troika;
using namespace std::chrono_literals;
using enum Priority;

inline constexpr Kernel<void(Write<float>, float)> fill{"fill"};
inline constexpr Kernel<void(Read<float>, Update<float>, float)> saxpy{"saxpy"};

int main() {
  const std::size_t n = 100'000;
  std::vector<float> host_x(n, 3.0F);

  Runtime rt;  // opens every device it finds
  throw_if_failed(define(fill)
                      .host([](HostView<float> out, float value) {
                        for (float& v : out) v = value;
                      })
                      .into(rt.kernels()));
  throw_if_failed(define(saxpy)
                      .host([](HostView<const float> x, HostView<float> y, float a) {
                        for (std::size_t i = 0; i < x.size(); ++i) y[i] += a * x[i];
                      })
                      .opencl_c("kernel void saxpy(global float* x, ulong x0, global float* y,"
                                "                  ulong y0, float a) {"
                                "  size_t i = get_global_id(0);"
                                "  y[y0 / 4 + i] += a * x[x0 / 4 + i];"
                                "}")
                      .into(rt.kernels()));

  auto x = rt.adopt(std::span(host_x));  // no copy
  auto y = rt.buffer<float>(n);
  Graph g;
  g.add(fill, y, 1.0F);
  g.add(saxpy, x, y, 2.0F).priority(high).deadline(5ms);
  auto run = rt.run(g);
  run.wait();               // throws Error naming the task, device and cause
  for (float v : y.read())  // no copy: every device here shares the host's memory
    if (v != 7.0F) return std::printf("a wrong element: %g\n", static_cast<double>(v)), 1;
  std::printf("%zu elements are 7\n", y.size());
}
