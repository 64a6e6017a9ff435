// What a program on the host alone costs: how long the runtime takes to start, and what is resident
// then and after a first run.
//
//   count ──> add(1) ──> count
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Update<int>, int)> add{"add"};

namespace {

long resident_kb() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (long kb = 0; word == "VmRSS:" && status >> kb) return kb;
  return 0;
}

}  // namespace

int main() {
  const long before = resident_kb();
  const auto begin = std::chrono::steady_clock::now();
  RuntimeOptions options;
  options.devices = {"host"};
  Runtime rt{options};
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  const long started = resident_kb();

  throw_if_failed(
      define(add).host([](HostView<int> count, int more) { count[0] += more; }).into(rt.kernels()));
  Buffer<int> count = rt.buffer<int>(1);
  count.write()[0] = 1;
  Graph g;
  g.add(add, count, 1);
  rt.run(g).wait();
  if (count.read()[0] != 2) return std::puts("a wrong count"), 1;
  std::printf("start: %.0f us\nresident: %ld kB before, %ld kB started, %ld kB after a run\n",
              took.count(), before, started, resident_kb());
}
