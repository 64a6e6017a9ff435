// A Cholesky factorisation by tiles: tasks in program order, and what each touches. The order they
// must keep follows from that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/overhead_graphs.h"

namespace troika::bench {

enum class TileKernel : std::uint8_t { potrf, trsm, syrk, gemm };
inline constexpr std::size_t tile_kernels = 4;

struct TileTask {
  TileKernel kernel;
  std::uint8_t read_count;
  std::uint32_t updated;
  std::array<std::uint32_t, 2> read;

  std::span<const std::uint32_t> reads() const noexcept { return {read.data(), read_count}; }
};

struct TileGraph {
  std::uint32_t tiles = 0;
  std::vector<TileTask> tasks;
};

// Of side x side tiles, the lower triangle of them, numbered row by row.
TileGraph cholesky(std::uint32_t side);

// What a program does for a runtime that does not look at its data: it keeps a table of who wrote
// each tile last. Enough here, where no tile is written after it was read.
Shape by_hand_table(const TileGraph& graph);

}  // namespace troika::bench
