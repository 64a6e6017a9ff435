// A kernel that throws, what is said of it, and what goes on regardless; and a kernel whose OpenCL
// C does not compile, so that the host takes its tasks.
//
//   a ──> divide(by 0) ──> a ──> divide(by 2)      fails, and takes down what reads a
//   b ──> divide(by 2) ──> b                       goes on
#include <cstdio>
#include <stdexcept>
#include <string>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Update<int>, int)> divide{"divide"};
inline constexpr Kernel<void(Update<int>, int)> add{"add"};

int main() {
  Runtime rt;
  throw_if_failed(define(divide)
                      .host([](HostView<int> x, int by) {
                        if (by == 0) throw std::domain_error{"division by zero"};
                        x[0] /= by;
                      })
                      .into(rt.kernels()));
  throw_if_failed(define(add)
                      .host([](HostView<int> x, int more) { x[0] += more; })
                      .opencl_c("kernel void add(this is no OpenCL C)")
                      .into(rt.kernels()));
  auto a = rt.buffer<int>(1), b = rt.buffer<int>(1);
  a.write()[0] = b.write()[0] = 8;

  Graph broken;
  broken.add(divide, a, 0).label("by nothing");
  broken.add(divide, a, 2);
  broken.add(divide, b, 2);
  try {
    rt.run(broken).wait();
    return 1;
  } catch (const Error& error) {
    const std::string said = error.what();  // the task, the device and the cause
    std::printf("%s\n", said.c_str());
    if (!said.ends_with("(divide: by nothing): on host: divide threw: division by zero")) return 1;
  }
  std::printf("b is %d\n", b.read()[0]);

  Graph fallback;
  const TaskRef task = fallback.add(add, b, 1);
  const Plan plan = rt.compile(fallback);
  std::printf("%s", plan.explain(task).c_str());  // why no other device
  rt.run(plan).wait();
  std::printf("b is %d\n", b.read()[0]);
  return b.read()[0] == 5 ? 0 : 1;
}
