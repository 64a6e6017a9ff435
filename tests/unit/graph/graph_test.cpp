#include "runtime/graph/graph.h"

#include <bitset>
#include <random>
#include <set>
#include <utility>
#include <vector>

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

TEST(Graph, a_write_follows_all_who_have_read_the_view_and_hides_them) {
  const auto x = buffer(0, 8);
  constexpr std::uint32_t readers = 100;
  Graph graph;
  graph.add("w", {write(x)});
  for (std::uint32_t i = 0; i < readers; ++i) graph.add("r", {read(x)});
  graph.add("u", {update(x)});
  graph.add("r", {read(x)});
  Edges wanted{{0, readers + 1}, {readers + 1, readers + 2}};
  for (std::uint32_t i = 1; i <= readers; ++i) wanted.insert({{0, i}, {i, readers + 1}});
  EXPECT_EQ(edges_of(graph), wanted);
}

// A view of a square of 16 x 16 elements: a part of a row, or a rectangle; often one of a few.
View<float> random_view(std::mt19937& random) {
  const auto square = buffer(0, 256);
  const auto below = [&](unsigned bound) { return std::size_t{random() % bound}; };
  if (below(2) == 0) return square.tile(64 * below(4) + 4 * below(4), 4, 4, 16);
  if (below(2) == 0) return square.slice(below(240), 1 + below(16));
  const std::size_t row = below(16), column = below(16);
  return square.tile(16 * row + column, 1 + below(static_cast<unsigned>(16 - column)),
                     1 + below(static_cast<unsigned>(16 - row)), 16);
}

TEST(Graph, orders_every_two_tasks_that_conflict_and_joins_no_others) {
  constexpr std::uint32_t tasks = 120;
  struct Use {
    Region region;
    bool writes;
  };
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random{seed};
    Graph graph;
    std::vector<std::vector<Use>> uses(tasks);
    for (auto& of_task : uses) {
      std::vector<AnyArg> args;
      for (auto left = 1 + random() % 3; left > 0; --left) {
        const Operand view = random_view(random);
        const bool writing = random() % 3 == 0;
        args.push_back(writing ? update(view) : read(view));
        of_task.push_back({view.region, writing});
      }
      graph.add("any", args);
    }
    std::vector<std::bitset<tasks>> before(tasks);  // of whom a task comes behind
    const Edges edges = edges_of(graph);
    for (std::uint32_t task = 0; task < tasks; ++task)
      for (std::uint32_t earlier = 0; earlier < task; ++earlier)
        if (edges.contains({earlier, task})) (before[task] |= before[earlier]).set(earlier);
    for (std::uint32_t task = 0; task < tasks; ++task)
      for (std::uint32_t earlier = 0; earlier < task; ++earlier) {
        bool conflict = false;
        for (const Use& a : uses[earlier])
          for (const Use& b : uses[task])
            conflict = conflict || ((a.writes || b.writes) && overlap(a.region, b.region));
        if (conflict) {
          EXPECT_TRUE(before[task][earlier]) << earlier << " and " << task;
        } else {
          EXPECT_FALSE(edges.contains({earlier, task})) << earlier << " and " << task;
        }
      }
  }
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
