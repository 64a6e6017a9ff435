// Graphs to schedule, by name and size: tiled factorisations, and shapes of other programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/saved_graph.h"

namespace troika::bench {

struct WorkloadOptions {
  std::uint32_t tiles = 16;  // along a side: the size of every workload
  std::size_t tile = 960;    // elements along a side of a tile, of four bytes
  std::uint64_t seed = 1;    // for shapes that are drawn
  // What drawn shapes draw from.
  std::vector<std::string> kernels;
};

std::span<const std::string_view> workload_names() noexcept;
// Tasks that take no time of their own: the machine says what a kernel costs. Code::not_found lists
// the names; Code::invalid_argument for a drawn shape without kernels.
Result<SavedGraph> make_workload(std::string_view name, const WorkloadOptions& options);

}  // namespace troika::bench
