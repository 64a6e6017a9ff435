// The five graphs of empty tasks on which runtimes are compared.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troika::bench {

// Edges go from lower to higher tasks.
struct Shape {
  std::string name;
  std::uint32_t tasks = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
};

// `scale` divides the number of tasks, for a quick look.
std::vector<Shape> overhead_shapes(std::uint32_t scale);

}  // namespace troika::bench
