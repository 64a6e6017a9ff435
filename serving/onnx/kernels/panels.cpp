#include "serving/onnx/kernels/panels.h"

#include <algorithm>
#include <cstring>

#include "wide.h"

namespace troika::onnx {
namespace {

using Wide [[gnu::vector_size(32)]] = float;
constexpr std::size_t lanes = sizeof(Wide) / sizeof(float);
constexpr std::size_t width = PanelProduct::panel_columns;
static_assert(width == 2 * lanes);

struct Operands {
  const PanelProduct& product;
  const float* x;
  const float* w;
  const float* bias;
  float* y;
};

// One panel's sums of one row, as they are wanted, into y.
[[gnu::always_inline]] inline void finish(const Operands& of, std::size_t row, std::size_t column,
                                          const Wide& low, const Wide& high) {
  alignas(Wide) float sums[width];
  std::memcpy(sums, &low, sizeof low);
  std::memcpy(sums + lanes, &high, sizeof high);
  const std::size_t count = std::min(width, of.product.columns - column);
  float* const y = of.y + row * of.product.y_pitch + column;
  if (of.bias != nullptr)
    for (std::size_t i = 0; i < count; ++i)
      sums[i] += of.bias[(column + i) * of.product.bias_stride];
  if (of.product.positive)
    for (float& sum : sums) sum = sum > 0 ? sum : 0;
  std::memcpy(y, sums, count * sizeof(float));
}

// `rows` rows of `panels` panels: as many sums as the registers hold.
template <std::size_t rows, std::size_t panels>
[[gnu::always_inline]] inline void tile(const Operands& of, std::size_t row, std::size_t column) {
  const std::size_t inner = of.product.inner, pitch = of.product.x_pitch;
  const float* const x = of.x + row * pitch;
  const float* const w = of.w + column * inner;
  Wide sums[rows][2 * panels] = {};
  for (std::size_t k = 0; k < inner; ++k) {
    for (std::size_t p = 0; p < panels; ++p) {
      const float* const at = w + (p * inner + k) * width;
      Wide low, high;
      std::memcpy(&low, at, sizeof low);
      std::memcpy(&high, at + lanes, sizeof high);
      for (std::size_t r = 0; r < rows; ++r) {
        sums[r][2 * p] += x[r * pitch + k] * low;
        sums[r][2 * p + 1] += x[r * pitch + k] * high;
      }
    }
  }
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t p = 0; p < panels; ++p)
      finish(of, row + r, column + p * width, sums[r][2 * p], sums[r][2 * p + 1]);
}

// All columns of `rows` rows.
template <std::size_t rows, std::size_t panels>
[[gnu::always_inline]] inline void columns_of(const Operands& of, std::size_t row) {
  const std::size_t columns = of.product.columns;
  std::size_t column = 0;
  for (; column + (panels - 1) * width < columns; column += panels * width)
    tile<rows, panels>(of, row, column);
  for (; column < columns; column += width) tile<rows, 1>(of, row, column);
}

// A panel stays near while all rows pass it, in tiles of four to six: fewer would wait for their
// own sums. The smaller tiles come first: of seven rows the fourth is in both.
[[gnu::always_inline]] inline void many_rows(const Operands& of) {
  const std::size_t rows = of.product.rows, tiles = (rows + 5) / 6;
  for (std::size_t column = 0; column < of.product.columns; column += width) {
    for (std::size_t t = 0; t < tiles; ++t) {
      const std::size_t row = t * rows / tiles;
      switch ((t + 1) * rows / tiles - row) {
        case 6: tile<6, 1>(of, row, column); break;
        case 5: tile<5, 1>(of, row, column); break;
        default: tile<4, 1>(of, row, column); break;
      }
    }
  }
}

struct Body {
  [[gnu::always_inline]] static inline void run(const Operands& of) {
    switch (of.product.rows) {
      case 1: return columns_of<1, 4>(of, 0);
      case 2: return columns_of<2, 3>(of, 0);
      case 3: return columns_of<3, 2>(of, 0);
      default: return many_rows(of);
    }
  }
};

}  // namespace

void run(const PanelProduct& product, const float* x, const float* w, const float* bias, float* y) {
  kernels::run_wide_fused<Body>(Operands{product, x, w, bias, y});
}

}  // namespace troika::onnx
