#include "tests/unit/sched/test_graph.h"

#include <gtest/gtest.h>

namespace troika::test {
namespace {

constexpr Kernel<void(Write<float>)> touch{"touch"};

}  // namespace

TestGraph::TestGraph() {
  EXPECT_TRUE(define(touch).host([](HostView<float>) {}).into(registry_).ok());
}

TaskRef TestGraph::add(std::uint32_t kernel, std::initializer_list<TaskRef> earlier) {
  const auto own = static_cast<std::uint32_t>(kernels_.size());
  kernels_.push_back(kernel);
  // A buffer of its own: only after() orders it.
  TaskRef task = graph_.add(touch, View<float>{Storage{BufferId{own}, 0, sizeof(float)},
                                               Region::bytes(0, sizeof(float))});
  for (const TaskRef& each : earlier) task.after(each);
  return task;
}

std::uint32_t TestGraph::kernel(Times times) {
  times_.push_back(std::move(times));
  return static_cast<std::uint32_t>(times_.size() - 1);
}

std::shared_ptr<const TaskGraph> TestGraph::compile() {
  auto compiled = TaskGraph::compile(graph_, registry_);
  EXPECT_TRUE(compiled.ok()) << compiled.status().to_string();
  return *std::move(compiled);
}

}  // namespace troika::test
