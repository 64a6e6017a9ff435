#include "bench/overhead_graphs.h"

#include <cmath>
#include <random>
#include <stdexcept>

namespace troika::bench {
namespace {

Shape independent(std::uint32_t tasks) { return {"independent", tasks, {}}; }

Shape chain(std::uint32_t tasks) {
  Shape shape{"chain", tasks, {}};
  for (std::uint32_t task = 1; task < tasks; ++task) shape.edges.emplace_back(task - 1, task);
  return shape;
}

Shape wavefront(std::uint32_t side) {
  Shape shape{"wavefront", side * side, {}};
  for (std::uint32_t row = 0; row < side; ++row) {
    for (std::uint32_t column = 0; column < side; ++column) {
      const std::uint32_t task = row * side + column;
      if (column + 1 < side) shape.edges.emplace_back(task, task + 1);
      if (row + 1 < side) shape.edges.emplace_back(task, task + side);
    }
  }
  return shape;
}

// A binary tree that forks to `leaves` leaves and joins them again.
Shape fork_join_tree(std::uint32_t leaves) {
  Shape shape{"fork_join_tree", 3 * leaves - 2, {}};
  for (std::uint32_t node = 0; node < leaves - 1; ++node) {
    shape.edges.emplace_back(node, 2 * node + 1);
    shape.edges.emplace_back(node, 2 * node + 2);
  }
  // The joins mirror the forks: join n of the tree is task 3 * leaves - 3 - n.
  const auto mirror = [leaves](std::uint32_t node) {
    return node < leaves - 1 ? 3 * leaves - 3 - node : node;
  };
  for (std::uint32_t node = leaves - 1; node-- > 0;) {
    shape.edges.emplace_back(mirror(2 * node + 1), mirror(node));
    shape.edges.emplace_back(mirror(2 * node + 2), mirror(node));
  }
  return shape;
}

Shape random_dag(std::uint32_t tasks, unsigned degree) {
  Shape shape{"random_dag", tasks, {}};
  std::mt19937 random{42};
  for (std::uint32_t task = 1; task < tasks; ++task) {
    for (unsigned k = 0; k < degree; ++k) {
      shape.edges.emplace_back(static_cast<std::uint32_t>(random()) % task, task);
    }
  }
  return shape;
}

}  // namespace

const std::vector<GraphName>& overhead_graphs() {
  static const std::vector<GraphName> graphs{{"independent", 1'000'000},
                                             {"chain", 1'000'000},
                                             {"wavefront", 1024 * 1024},
                                             {"fork_join_tree", 3 * 87'382 - 2},
                                             {"random_dag", 100'000}};
  return graphs;
}

Shape overhead_shape(const GraphName& graph) {
  const auto& [name, tasks] = graph;
  if (name == "independent") return independent(tasks);
  if (name == "chain") return chain(tasks);
  if (name == "wavefront") return wavefront(static_cast<std::uint32_t>(std::sqrt(tasks)));
  if (name == "fork_join_tree") return fork_join_tree((tasks + 2) / 3);
  if (name == "random_dag") return random_dag(tasks, 3);
  throw std::invalid_argument("no graph is called " + name);
}

}  // namespace troika::bench
