// Graphs drawn from a seed, and a run that checks every task against its edges.
#pragma once

#include <functional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/exec/host_lane.h"

namespace troika::testing {

struct RandomGraph {
  std::uint32_t tasks = 0;
  std::vector<LaneEdge> edges;
  std::vector<LaneClass> classes;
};

template <class Random>
RandomGraph random_graph(Random& random, std::uint32_t tasks_max, bool mixed) {
  RandomGraph graph;
  graph.tasks = static_cast<std::uint32_t>(random() % tasks_max);
  const std::uint64_t degree = random() % 4;
  const bool wide = random() % 4 == 0;
  for (std::uint32_t to = 1; to < graph.tasks; ++to) {
    for (std::uint64_t k = random() % (degree + 1); k-- > 0;) {
      // A wide graph hangs much on few tasks.
      const auto from = static_cast<std::uint32_t>(random() % (wide ? 1 + to / 16 : to));
      graph.edges.push_back({from, to});
    }
  }
  for (std::uint32_t task = 0; mixed && task < graph.tasks; ++task) {
    graph.classes.push_back(static_cast<LaneClass>(random() % lane_classes));
  }
  return graph;
}

inline LaneGraph made(const RandomGraph& graph) {
  auto result = LaneGraph::make(graph.tasks, graph.edges, graph.classes);
  EXPECT_TRUE(result.ok()) << result.status().to_string();
  return *std::move(result);
}

// Counts how often each task ran or was skipped. Plain integers: an order that the lane does not
// enforce is a data race for the thread sanitizer.
class CheckedRun {
 public:
  explicit CheckedRun(const RandomGraph& shape)
      : graph{made(shape)},
        run{graph},
        predecessors(shape.tasks),
        ran(shape.tasks),
        skips(shape.tasks) {
    for (const auto& [from, to] : shape.edges) predecessors[to].push_back(from);
  }

  LaneBody body() {
    return {.state = this,
            .run =
                [](void* self, std::uint32_t task, unsigned worker) noexcept {
                  return static_cast<CheckedRun*>(self)->run_task(task, worker);
                },
            .skipped =
                [](void* self, std::uint32_t task) noexcept {
                  ++static_cast<CheckedRun*>(self)->skips[task];
                },
            .over = [](void* self) noexcept { static_cast<CheckedRun*>(self)->over.set(); }};
  }

  LaneOutcome run_task(std::uint32_t task, unsigned worker) noexcept {
    for (const std::uint32_t before : predecessors[task]) early += ran[before] <= ran[task] ? 1 : 0;
    if (outcome) {
      const LaneOutcome result = outcome(task, worker);
      if (result != LaneOutcome::later) ++ran[task];
      return result;
    }
    ++ran[task];
    return LaneOutcome::done;
  }

  LaneGraph graph;
  LaneRun run;
  std::vector<std::vector<std::uint32_t>> predecessors;
  std::vector<int> ran, skips;
  std::atomic<int> early{0};  // tasks that ran before one of their predecessors
  std::function<LaneOutcome(std::uint32_t, unsigned)> outcome;  // none: done
  Event over;
};

}  // namespace troika::testing
