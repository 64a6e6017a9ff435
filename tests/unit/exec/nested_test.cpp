// A kernel may use the workers it runs among.
#include "tests/unit/exec/nested_doubling.h"
#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class Nested : public HostRuntime {};

TEST_F(Nested, kernels_may_call_parallel_for) {
  constexpr Kernel<void(Update<int>)> doubled{"doubled"};
  define_host(doubled, [](HostView<int> x) { double_all(x.data(), x.size()); });
  constexpr std::size_t count = 4096;
  const Buffer<int> x = runtime->buffer<int>(count);
  Graph graph;
  graph.add(fill, x, 1);
  for (int round = 0; round < 8; ++round)
    for (std::size_t part = 0; part < 4; ++part)
      graph.add(doubled, x.slice(part * count / 4, count / 4));
  runtime->run(graph).wait();
  EXPECT_EQ(contents(x), std::vector<int>(count, 256));
}

}  // namespace
}  // namespace troika
