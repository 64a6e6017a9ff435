#include "runtime/graph/task_graph.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr Kernel<void(Write<float>, float)> fill{"fill"};
constexpr Kernel<void(Read<float>, Update<float>, float)> saxpy{"saxpy"};

View<float> buffer(std::uint32_t id, std::size_t count) {
  return {Storage{BufferId{id}, 0, count * sizeof(float)}, Region::bytes(0, count * sizeof(float))};
}

struct TaskGraphTest : testing::Test {
  TaskGraphTest() {
    EXPECT_TRUE(define(fill).host([](HostView<float>, float) {}).into(registry).ok());
    EXPECT_TRUE(define(saxpy)
                    .host([](HostView<const float>, HostView<float>, float) {})
                    .into(registry)
                    .ok());
  }
  std::string refusal() { return TaskGraph::compile(graph, registry).status().to_string(); }
  KernelRegistry registry;
  Graph graph;
  View<float> x = buffer(0, 8), y = buffer(1, 8);
};

TEST_F(TaskGraphTest, an_unknown_kernel_is_named) {
  graph.add(fill, x, 1.0F);
  graph.add("sazpy", {read(x), update(y), 2.0F});
  EXPECT_EQ(refusal(), "not_found: task 1 (sazpy): no kernel is called 'sazpy'");
}

TEST_F(TaskGraphTest, a_wrong_count_is_named) {
  graph.add("saxpy", {read(x), update(y)});
  EXPECT_EQ(refusal(), "invalid_argument: task 0 (saxpy): 2 arguments given, the kernel takes 3");
}

TEST_F(TaskGraphTest, a_wrong_type_is_named) {
  graph.add("saxpy", {read(x), update(y), 2});
  EXPECT_EQ(refusal(), "invalid_argument: task 0 (saxpy): argument 2 is i32, the kernel takes f32");
}

TEST_F(TaskGraphTest, a_wrong_access_is_named) {
  graph.add("saxpy", {read(x), write(y), 2.0F});
  EXPECT_EQ(refusal(),
            "invalid_argument: task 0 (saxpy): argument 1 is write f32 buffer, the kernel takes "
            "update f32 buffer");
}

TEST_F(TaskGraphTest, a_view_beyond_its_buffer_is_named) {
  Operand beyond = x;
  beyond.region = Region::bytes(16, 32);
  graph.add("fill", {write(beyond), 1.0F});
  EXPECT_EQ(refusal(),
            "out_of_range: task 0 (fill): argument 0: view out of range: ends at byte 48 of 32");
}

TEST_F(TaskGraphTest, a_cycle_by_after_is_named) {
  auto first = graph.add(fill, x, 1.0F);
  auto second = graph.add(saxpy, x, y, 2.0F);
  first.after(second);
  EXPECT_EQ(refusal(), "invalid_argument: after() makes a cycle through or before task 0 (fill)");
}

TEST_F(TaskGraphTest, successors_and_predecessors_agree) {
  graph.add(fill, x, 1.0F);
  graph.add(fill, y, 1.0F);
  graph.add(saxpy, x, y, 2.0F);
  const auto plan = TaskGraph::compile(graph, registry);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ((*plan)->task(TaskIndex{2}).predecessors, 2u);
  ASSERT_EQ((*plan)->successors(TaskIndex{0}).size(), 1u);
  EXPECT_EQ((*plan)->successors(TaskIndex{0})[0], 2u);
}

TEST_F(TaskGraphTest, boundaries_are_what_other_runs_can_conflict_with) {
  graph.add(fill, x, 1.0F);      // 0: first write of x
  graph.add(saxpy, x, y, 2.0F);  // 1: reads x after 0, first and last to touch y
  graph.add(fill, x, 3.0F);      // 2: last write of x
  const auto plan = TaskGraph::compile(graph, registry);
  ASSERT_TRUE(plan.ok());
  const auto tasks_of = [](const std::vector<TaskGraph::Boundary>& boundaries, std::uint32_t slot) {
    std::vector<std::uint32_t> tasks;
    for (const auto& boundary : boundaries)
      if (boundary.slot == slot) tasks.push_back(boundary.task.value);
    return tasks;
  };
  EXPECT_EQ(tasks_of((*plan)->entries(), 0), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(tasks_of((*plan)->exits(), 0), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(tasks_of((*plan)->entries(), 1), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(tasks_of((*plan)->exits(), 1), (std::vector<std::uint32_t>{1}));
}

}  // namespace
}  // namespace troika
