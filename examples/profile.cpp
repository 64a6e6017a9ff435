// What happened, as a file that ui.perfetto.dev opens; and where a task could run, as text.
//
//   x ──> warm_up ──> x ──> cool_down ──> x
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Update<float>)> warm_up{"warm_up"};
inline constexpr Kernel<void(Update<float>)> cool_down{"cool_down"};

int main(int argc, char** argv) {
  RuntimeOptions options;
  options.executor.trace.level = TraceLevel::full;
  Runtime rt{options};
  throw_if_failed(define(warm_up)
                      .host([](HostView<float> x) {
                        for (float& v : x) v += 1;
                      })
                      .opencl_c("kernel void warm_up(global float* x, ulong x0) {"
                                "  x[x0 / 4 + get_global_id(0)] += 1; }")
                      .into(rt.kernels()));
  throw_if_failed(define(cool_down)
                      .host([](HostView<float> x) {
                        for (float& v : x) v -= 1;
                      })
                      .into(rt.kernels()));
  auto x = rt.buffer<float>(100'000);
  std::ranges::fill(x.write(), 20.0F);

  Graph g;
  const TaskRef first = g.add(warm_up, x), second = g.add(cool_down, x);
  const Plan plan = rt.compile(g);
  std::printf("warm_up:\n%scool_down:\n%s", plan.explain(first).c_str(),
              plan.explain(second).c_str());
  const Run run = rt.run(plan);
  run.wait();

  const char* const name = argc > 1 ? argv[1] : "profile.json";
  std::ofstream file{name};
  rt.write_trace(file);
  if (!file.flush()) return std::printf("%s cannot be written\n", name), 1;
  std::printf("%zu tasks in %.0f us; open %s in ui.perfetto.dev\n", plan.size(),
              static_cast<double>(run.makespan().count()) / 1e3, name);
  return x.read()[0] == 20.0F ? 0 : 1;
}
