#include "bench/tiles.h"

namespace troika::bench {

TileGraph cholesky(std::uint32_t side) {
  const auto tile = [](std::uint32_t row, std::uint32_t column) {
    return row * (row + 1) / 2 + column;
  };
  TileGraph graph{tile(side, 0), {}};
  for (std::uint32_t k = 0; k < side; ++k) {
    graph.tasks.push_back({TileKernel::potrf, 0, tile(k, k), {}});
    for (std::uint32_t row = k + 1; row < side; ++row)
      graph.tasks.push_back({TileKernel::trsm, 1, tile(row, k), {tile(k, k)}});
    for (std::uint32_t row = k + 1; row < side; ++row) {
      graph.tasks.push_back({TileKernel::syrk, 1, tile(row, row), {tile(row, k)}});
      for (std::uint32_t column = k + 1; column < row; ++column)
        graph.tasks.push_back(
            {TileKernel::gemm, 2, tile(row, column), {tile(row, k), tile(column, k)}});
    }
  }
  return graph;
}

Shape by_hand_table(const TileGraph& graph) {
  constexpr std::uint32_t nobody = ~0U;
  std::vector<std::uint32_t> writer(graph.tiles, nobody);
  Shape shape{"cholesky", static_cast<std::uint32_t>(graph.tasks.size()), {}};
  for (std::uint32_t index = 0; index < shape.tasks; ++index) {
    const TileTask& task = graph.tasks[index];
    const auto follow = [&](std::uint32_t tile) {
      if (writer[tile] != nobody) shape.edges.emplace_back(writer[tile], index);
    };
    for (const std::uint32_t tile : task.reads()) follow(tile);
    follow(task.updated);
    writer[task.updated] = index;
  }
  return shape;
}

}  // namespace troika::bench
