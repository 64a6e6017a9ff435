// One plan, replayed with other buffers and another scalar; its scratch belongs to each run.
//
//   in ──> square ──> scratch ──> add(offset) ──> out       three runs at once: (in, out) = (a, A),
//                                                           (b, B) and (c, C) with offset 10
#include <cstdio>
#include <vector>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Read<float>, Write<float>)> square{"square"};
inline constexpr Kernel<void(Read<float>, Write<float>, float)> add{"add"};

int main() {
  const std::size_t n = 1'000;
  Runtime rt;
  throw_if_failed(define(square)
                      .host([](HostView<const float> in, HostView<float> out) {
                        for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * in[i];
                      })
                      .into(rt.kernels()));
  throw_if_failed(define(add)
                      .host([](HostView<const float> in, HostView<float> out, float offset) {
                        for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] + offset;
                      })
                      .into(rt.kernels()));

  std::vector<Buffer<float>> in, out;
  for (int i = 0; i < 3; ++i) {
    in.push_back(rt.buffer<float>(n));
    out.push_back(rt.buffer<float>(n));
    for (float& v : in.back().write()) v = static_cast<float>(i + 2);
  }

  Graph g;
  auto squared = g.scratch<float>(n);
  g.add(square, in[0], squared);
  const TaskRef last = g.add(add, squared, out[0], 1.0F);
  const Plan plan = rt.compile(g);

  const Run runs[] = {
      rt.run(plan), rt.run(plan, {bind(in[0], in[1]), bind(out[0], out[1])}),
      rt.run(plan, {bind(in[0], in[2]), bind(out[0], out[2]), bind(last, 2, 10.0F)})};
  for (const Run& run : runs) run.wait();

  const float expected[] = {5, 10, 26};
  for (std::size_t i = 0; i < 3; ++i)
    for (float v : out[i].read())
      if (v != expected[i]) return std::printf("run %zu: a wrong element\n", i), 1;
  std::printf("three runs of one plan: 5, 10 and 26\n");
}
