#include "runtime/graph/graph.h"

#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace troika {
namespace {

View<float> buffer(std::uint32_t id, std::size_t count) {
  return {Storage{BufferId{id}, 0, count * sizeof(float)}, Region::bytes(0, count * sizeof(float))};
}

using Edges = std::set<std::pair<std::uint32_t, std::uint32_t>>;

Edges edges_of(const Graph& graph) {
  Edges edges;
  for (const Graph::Edge& edge : graph.edges()) edges.insert({edge.from.value, edge.to.value});
  return edges;
}

TEST(Graph, connects_reads_after_writes_and_writes_after_reads) {
  const auto x = buffer(0, 8);
  Graph graph;
  graph.add("w", {write(x)});               // 0
  graph.add("r", {read(x)});                // 1
  graph.add("r", {read(x)});                // 2
  graph.add("u", {update(x.slice(0, 4))});  // 3
  graph.add("r", {read(x.slice(4, 4))});    // 4
  EXPECT_EQ(edges_of(graph), (Edges{{0, 1}, {0, 2}, {0, 3}, {1, 3}, {2, 3}, {0, 4}}));
}

TEST(Graph, tiles_that_share_no_byte_are_independent_although_their_intervals_overlap) {
  const auto image = buffer(0, 64);  // 8 x 8
  Graph graph;
  graph.add("w", {write(image.tile(0, 4, 8, 8))});
  graph.add("w", {write(image.tile(4, 4, 8, 8))});
  graph.add("r", {read(image.tile(3, 2, 8, 8))});
  EXPECT_EQ(edges_of(graph), (Edges{{0, 2}, {1, 2}}));
}

TEST(Graph, an_overwrite_hides_what_it_covers) {
  const auto x = buffer(0, 8);
  Graph graph;
  graph.add("w", {write(x)});
  graph.add("w", {write(x)});
  graph.add("r", {read(x)});
  EXPECT_EQ(edges_of(graph), (Edges{{0, 1}, {1, 2}}));
}

TEST(Graph, commute_tasks_keep_program_order) {
  const auto x = buffer(0, 8);
  Graph graph;
  graph.add("c", {commute(x)});
  graph.add("c", {commute(x)});
  EXPECT_EQ(edges_of(graph), (Edges{{0, 1}}));
}

TEST(View, out_of_range_is_refused_with_what_was_asked) {
  const auto x = buffer(0, 64);
  EXPECT_THROW((void)x.slice(60, 5), Error);
  try {
    (void)x.tile(8, 9, 2, 8);
    FAIL() << "a row longer than the pitch was accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "out_of_range: view out of range: tile at 8 of 9 x 2, pitch 8, of 64 elements");
  }
}

}  // namespace
}  // namespace troika
