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

// The sub-graph is over before its task is, on another worker: only the count of what is open
// orders its writes before the task behind.
TEST_F(Nested, what_a_sub_graph_wrote_before_its_task_returned_is_there_for_the_next) {
  constexpr Kernel<void(Write<int>)> answers{"answers"};
  constexpr Kernel<void(Update<int>)> outlives{"outlives"};
  std::atomic<bool> written{false};
  define_host(answers, [&](HostView<int> to) {
    to[0] = 42;
    written.store(true, std::memory_order_relaxed);
  });
  const Buffer<int> x = buffer_of({1}), y = runtime->buffer<int>(1);
  define_host(outlives, [&](TaskContext& context, HostView<int>) {
    Graph child;
    child.add(answers, x);
    context.submit(child);
    while (!written.load(std::memory_order_relaxed)) std::this_thread::yield();
    // As a rule long enough for the end of the sub-graph to be noticed; either order is right.
    for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
  });
  Graph graph;
  graph.add(outlives, x);
  graph.add(copy, x, y);
  const Plan plan = runtime->compile(graph);
  for (int i = 0; i < 20; ++i) {
    written = false;
    runtime->run(plan).wait();
    EXPECT_EQ(contents(y), std::vector{42});
  }
}

}  // namespace
}  // namespace troika
