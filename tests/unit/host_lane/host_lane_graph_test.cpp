#include "runtime/exec/host_lane_graph.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace troika {
namespace {

std::vector<std::uint32_t> successors(const LaneGraph& graph, std::uint32_t task) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = graph.first()[task]; i < graph.first()[task + 1]; ++i) {
    all.push_back(LaneLink::task(graph.successors()[i]));
  }
  return all;
}

TEST(LaneGraph, keeps_the_order_of_a_tasks_edges_and_finds_the_roots) {
  const LaneEdge edges[] = {{1, 3}, {0, 4}, {0, 3}, {1, 2}};
  const auto graph = LaneGraph::make(5, edges);
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(successors(*graph, 0), (std::vector<std::uint32_t>{4, 3}));
  EXPECT_EQ(successors(*graph, 1), (std::vector<std::uint32_t>{3, 2}));
  EXPECT_EQ(successors(*graph, graph->root()), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(graph->predecessors(3), 2u);
  const auto sole = [&](std::uint32_t i) { return (graph->successors()[i] & LaneLink::sole) != 0; };
  EXPECT_TRUE(sole(0));
  EXPECT_FALSE(sole(1));
}

TEST(LaneGraph, groups_many_successors_by_readiness_and_class) {
  std::vector<LaneEdge> edges;
  std::vector<LaneClass> classes{LaneClass::normal, LaneClass::normal};
  for (std::uint32_t task = 2; task < 42; ++task) {
    edges.push_back({0, task});
    if (task % 4 == 0) edges.push_back({1, task});
    classes.push_back(static_cast<LaneClass>(task % 3));
  }
  const auto graph = LaneGraph::make(42, edges, classes);
  ASSERT_TRUE(graph.ok());
  const auto* const begin = graph->successors() + graph->first()[0];
  const auto* const end = graph->successors() + graph->first()[1];
  const auto* const shared =
      std::find_if(begin, end, [](std::uint32_t link) { return (link & LaneLink::sole) == 0; });
  EXPECT_EQ(shared - begin, 30);
  EXPECT_TRUE(std::is_sorted(begin, shared, [](std::uint32_t a, std::uint32_t b) {
    return LaneLink::class_of(a) > LaneLink::class_of(b);
  }));
  EXPECT_TRUE(
      std::all_of(shared, end, [](std::uint32_t link) { return (link & LaneLink::sole) == 0; }));
}

TEST(LaneGraph, refuses_edges_and_classes_that_do_not_fit) {
  const LaneEdge edges[] = {{0, 2}};
  const auto outside = LaneGraph::make(2, edges);
  EXPECT_EQ(outside.status().code(), Code::out_of_range);
  EXPECT_EQ(outside.status().message(), "edge 0 -> 2 among 2 tasks");
  const LaneClass one[] = {LaneClass::low};
  EXPECT_EQ(LaneGraph::make(2, {}, one).status().to_string(),
            "invalid_argument: 1 classes for 2 tasks");
  EXPECT_EQ(LaneGraph::make(LaneGraph::tasks_max + 1, {}).status().code(), Code::exhausted);
}

}  // namespace
}  // namespace troika
