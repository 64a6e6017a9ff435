// A graph built from names, as model files and other languages do: nothing is checked by the
// compiler, all of it when the graph is compiled.
//
//   "ramp" ──> x ──> "scale" (in place, 4 slices) ──> x ──> "largest" ──> result
#include <algorithm>
#include <cstdio>
#include <string>

#include "runtime/troika.h"

using namespace troika;

static void define_kernels(KernelRegistry& kernels) {
  constexpr Kernel<void(Write<float>)> ramp{"ramp"};
  constexpr Kernel<void(Update<float>, float)> scale{"scale"};
  constexpr Kernel<void(Read<float>, Write<float>)> largest{"largest"};
  throw_if_failed(define(ramp)
                      .host([](HostView<float> out) {
                        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i);
                      })
                      .into(kernels));
  throw_if_failed(define(scale)
                      .host([](HostView<float> all, float by) {
                        for (float& v : all) v *= by;
                      })
                      .into(kernels));
  throw_if_failed(define(largest)
                      .host([](HostView<const float> all, HostView<float> out) {
                        out[0] = *std::max_element(all.begin(), all.end());
                      })
                      .into(kernels));
}

int main() {
  Runtime rt;
  define_kernels(rt.kernels());
  const auto x = rt.buffer<float>(1'000);
  const auto result = rt.buffer<float>(1);

  Graph g;
  g.add("ramp", {write(x)});
  for (std::size_t i = 0; i < 4; ++i)
    g.add("scale", {update(x.slice(250 * i, 250)), 0.5F}).label("quarter " + std::to_string(i));
  g.add("largest", {read(x), write(result)});
  rt.run(g).wait();

  Graph wrong;
  wrong.add("scale", {update(x)});
  try {
    rt.run(wrong).wait();
    return 1;
  } catch (const Error& error) {
    std::printf("as it should be refused: %s\n", error.what());
  }
  std::printf("the largest is %g\n", static_cast<double>(result.read()[0]));
  return result.read()[0] == 499.5F ? 0 : 1;
}
