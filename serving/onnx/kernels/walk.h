// Walks over the rows of a grid.
#pragma once

#include <array>

#include "serving/onnx/kernels/kernel.h"

namespace troika::onnx {

// Calls row(offsets) for every row along the last dimension, with the offset of its first element
// in each of `operands` arrays.
template <std::size_t operands, class Row>
void for_each_row(const Grid& grid, Row row) {
  std::array<std::int64_t, operands> at;
  for (std::size_t k = 0; k < operands; ++k) at[k] = grid.operand(static_cast<std::int64_t>(k))[0];
  std::array<std::int64_t, rank_max> coordinate{};
  const std::int64_t outer = grid.rank - 1;
  for (;;) {
    row(at);
    std::int64_t d = outer - 1;
    for (; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      for (std::size_t k = 0; k < operands; ++k)
        at[k] += grid.operand(static_cast<std::int64_t>(k))[1 + d];
      if (++coordinate[i] < grid.dims[d]) break;
      for (std::size_t k = 0; k < operands; ++k)
        at[k] -= grid.operand(static_cast<std::int64_t>(k))[1 + d] * grid.dims[d];
      coordinate[i] = 0;
    }
    if (d < 0) return;
  }
}

// Length of a row, and how far apart its elements lie in array k.
inline std::int64_t row_length(const Grid& grid) noexcept { return grid.dims[grid.rank - 1]; }
inline std::int64_t row_stride(const Grid& grid, std::int64_t k) noexcept {
  return grid.operand(k)[grid.rank];
}

}  // namespace troika::onnx
