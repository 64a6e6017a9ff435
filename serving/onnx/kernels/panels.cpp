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

// The bias of a panel's columns; zeros beyond the last.
[[gnu::always_inline]] inline void load_bias(const Operands& of, std::size_t column, Wide& low,
                                             Wide& high) {
  low = high = Wide{};
  if (of.bias == nullptr) return;
  alignas(Wide) float values[width] = {};
  const std::size_t count = std::min(width, of.product.columns - column);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = of.bias[(column + i) * of.product.bias_stride];
  std::memcpy(&low, values, sizeof low);
  std::memcpy(&high, values + lanes, sizeof high);
}

// One panel's sums of one row, as they are wanted, into y.
[[gnu::always_inline]] inline void store(const Operands& of, std::size_t row, std::size_t column,
                                         Wide low, Wide high) {
  if (of.product.positive) {
    low = low > 0 ? low : Wide{};
    high = high > 0 ? high : Wide{};
  }
  float* const y = of.y + row * of.product.y_pitch + column;
  if (column + width <= of.product.columns) {
    std::memcpy(y, &low, sizeof low);
    std::memcpy(y + lanes, &high, sizeof high);
    return;
  }
  alignas(Wide) float sums[width];
  std::memcpy(sums, &low, sizeof low);
  std::memcpy(sums + lanes, &high, sizeof high);
  std::memcpy(y, sums, (of.product.columns - column) * sizeof(float));
}

// `rows` rows of `panels` panels: as many sums as the registers hold.
template <std::size_t rows, std::size_t panels>
[[gnu::always_inline]] inline void tile(const Operands& of, std::size_t row, std::size_t column) {
  const std::size_t inner = of.product.inner, pitch = of.product.x_pitch;
  const std::size_t panel = of.product.pieces * inner * width;
  const float* w = of.w + column / width * panel;
  Wide sums[rows][2 * panels];
  for (std::size_t p = 0; p < panels; ++p) {
    load_bias(of, column + p * width, sums[0][2 * p], sums[0][2 * p + 1]);
    for (std::size_t r = 1; r < rows; ++r)
      for (std::size_t half = 2 * p; half < 2 * p + 2; ++half) sums[r][half] = sums[0][half];
  }
  for (std::size_t piece = 0; piece < of.product.pieces; ++piece) {
    const float* const x = of.x + row * pitch + piece * of.product.piece_pitch;
    for (std::size_t k = 0; k < inner; ++k, w += width) {
      for (std::size_t p = 0; p < panels; ++p) {
        Wide low, high;
        std::memcpy(&low, w + p * panel, sizeof low);
        std::memcpy(&high, w + p * panel + lanes, sizeof high);
        for (std::size_t r = 0; r < rows; ++r) {
          sums[r][2 * p] += x[r * pitch + k] * low;
          sums[r][2 * p + 1] += x[r * pitch + k] * high;
        }
      }
    }
  }
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t p = 0; p < panels; ++p)
      store(of, row + r, column + p * width, sums[r][2 * p], sums[r][2 * p + 1]);
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

// Of one panel: in tiles of four to six rows, for fewer would wait for their own sums. The smaller
// tiles come first: of seven rows the fourth is in both.
[[gnu::always_inline]] inline void many_rows(const Operands& of, std::size_t column) {
  const std::size_t rows = of.product.rows, tiles = (rows + 5) / 6;
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::size_t row = t * rows / tiles;
    switch ((t + 1) * rows / tiles - row) {
      case 6: tile<6, 1>(of, row, column); break;
      case 5: tile<5, 1>(of, row, column); break;
      default: tile<4, 1>(of, row, column); break;
    }
  }
}

[[gnu::always_inline]] inline Operands line_of(const Operands& of, std::size_t line) {
  return {of.product, of.x + line * of.product.x_line_pitch, of.w, of.bias,
          of.y + line * of.product.y_line_pitch};
}

struct Body {
  [[gnu::always_inline]] static inline void run(const Operands& of) {
    const PanelProduct& product = of.product;
    if (product.rows < 4) {
      for (std::size_t line = 0; line < product.lines; ++line) few_rows(line_of(of, line));
      return;
    }
    // A panel stays near while all rows pass it.
    for (std::size_t column = 0; column < product.columns; column += width)
      for (std::size_t line = 0; line < product.lines; ++line) many_rows(line_of(of, line), column);
  }

  [[gnu::always_inline]] static inline void few_rows(const Operands& of) {
    switch (of.product.rows) {
      case 1: return columns_of<1, 4>(of, 0);
      case 2: return columns_of<2, 3>(of, 0);
      default: return columns_of<3, 2>(of, 0);
    }
  }
};

}  // namespace

void run(const PanelProduct& product, const float* x, const float* w, const float* bias, float* y) {
  if (product.rows == 0) return;
  kernels::run_wide_fused<Body>(Operands{product, x, w, bias, y});
}

void frame(const PanelConv& conv, const float* picture, std::vector<float>& to) {
  const std::size_t line = conv.width * conv.channels;
  const std::size_t framed_line = (conv.pad_left + conv.width + conv.pad_right) * conv.channels;
  to.assign((conv.pad_top + conv.height + conv.pad_bottom) * framed_line, 0);
  float* at = to.data() + conv.pad_top * framed_line + conv.pad_left * conv.channels;
  for (std::size_t y = 0; y < conv.height; ++y, at += framed_line)
    std::copy_n(picture + y * line, line, at);
}

void run(const PanelConv& conv, const float* x, const float* w, const float* bias, float* y) {
  thread_local std::vector<float> framed;
  const bool padded = conv.pad_top + conv.pad_bottom + conv.pad_left + conv.pad_right != 0;
  const std::size_t line = (conv.pad_left + conv.width + conv.pad_right) * conv.channels;
  PanelProduct product;
  product.rows = conv.out_width;
  product.inner = conv.kernel_width * conv.channels;
  product.columns = conv.out_channels;
  product.x_pitch = conv.stride_x * conv.channels;
  product.y_pitch = conv.out_channels;
  product.lines = conv.out_height;
  product.x_line_pitch = conv.stride_y * line;
  product.y_line_pitch = conv.out_width * conv.out_channels;
  product.pieces = conv.kernel_height;
  product.piece_pitch = line;
  product.positive = conv.positive;
  for (std::size_t i = 0; i < conv.batch; ++i) {
    const float* const picture = x + i * conv.height * conv.width * conv.channels;
    if (padded) frame(conv, picture, framed);
    run(product, padded ? framed.data() : picture, w, bias,
        y + i * conv.out_height * product.y_line_pitch);
  }
}

}  // namespace troika::onnx
