// Data in blocks that come to a device and go by themselves, so that it may be larger than the
// device's memory: OpenCL devices are told to keep their bytes apart from the host's.
//
//   numbers ──┬─ block 0 ──> scale ──> block 0
//             ├─ block 1 ──> scale ──> block 1       each may run on another device
//             └─ ...
#include <cstdio>
#include <vector>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Update<int>, int)> scale{"scale"};

int main() {
  RuntimeOptions options;
  options.backends = "opencl.memory=separate";
  Runtime rt{options};
  throw_if_failed(define(scale)
                      .host([](HostView<int> block, int by) {
                        for (int& v : block) v *= by;
                      })
                      .opencl_c("kernel void scale(global int* x, ulong x0, int by) {"
                                "  x[x0 / 4 + get_global_id(0)] *= by; }")
                      .into(rt.kernels()));

  std::vector<int> numbers(1'000'000, 1);
  {
    const std::vector<Buffer<int>> blocks = rt.partition(std::span{numbers}, 30'000);
    Graph g;
    for (int by : {2, 3})
      for (const Buffer<int>& block : blocks) {
        TaskRef task = g.add(scale, block, by);
        for (const auto& device : rt.devices())
          if (device->info().backend == "opencl") task.only_on("opencl");  // there is one: insist
      }
    rt.run(g).wait();
    for (const Buffer<int>& block : blocks)
      for (int v : block.read())  // brings it home
        if (v != 6) return std::puts("a wrong element"), 1;
    std::printf("%zu blocks\n", blocks.size());
  }
  const Counters counters = rt.counters();
  std::printf("%llu bytes copied\n", static_cast<unsigned long long>(counters.bytes_copied));
  std::printf("%zu elements are 6\n", numbers.size());
}
