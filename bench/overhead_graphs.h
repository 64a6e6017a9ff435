// The five graphs of empty tasks on which runtimes are compared.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troika::bench {

// A graph as programs name it to each other.
struct GraphName {
  std::string name;
  std::uint32_t tasks = 0;  // about so many: a wavefront is a square, a tree has both its halves
};

// Edges go from lower to higher tasks.
struct Shape {
  std::string name;
  std::uint32_t tasks = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
};

// In the sizes at which they are usually compared.
const std::vector<GraphName>& overhead_graphs();
// Throws std::invalid_argument for none of that name.
Shape overhead_shape(const GraphName& graph);

}  // namespace troika::bench
