#include "serving/onnx/kernels/winograd.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "wide.h"

namespace troika::onnx {
namespace {

using Wide [[gnu::vector_size(32)]] = float;
constexpr std::size_t lanes = sizeof(Wide) / sizeof(float);
constexpr std::size_t panel = PanelProduct::panel_columns;
// Tiles that are worked on together: what they need stays in the second-level cache.
constexpr std::size_t tiles_together = 32;
// Places would else lie a power of two apart, all in the same few lines of the first-level cache.
constexpr std::size_t apart = 16;

[[gnu::always_inline]] inline void load(Wide& to, const float* from) {
  std::memcpy(&to, from, sizeof to);
}
[[gnu::always_inline]] inline void store(float* to, const Wide& from) {
  std::memcpy(to, &from, sizeof from);
}

// A picture whose tiles begin every other pixel, and where some of them lie in it.
struct Block {
  const PanelConv& conv;
  const float* x;           // within its frame
  std::size_t line_floats;  // of the framed picture
  std::size_t tiles_a_line;
  std::size_t first, count;  // tiles
  float *inputs, *results;   // by place, tile, channel

  std::size_t input_place() const noexcept { return count * conv.channels + apart; }
  std::size_t result_place() const noexcept { return count * conv.out_channels + apart; }
};

// What the products of a tile are made of: 4 x 4 pixels, differences along both ways.
struct TransformInputs {
  [[gnu::always_inline]] static inline void run(const Block& block) {
    const std::size_t channels = block.conv.channels;
    for (std::size_t t = 0; t < block.count; ++t) {
      const std::size_t tile = block.first + t;
      const float* const at = block.x + tile / block.tiles_a_line * 2 * block.line_floats +
                              tile % block.tiles_a_line * 2 * channels;
      for (std::size_t c = 0; c < channels; c += lanes) {
        Wide d[4][4], b[4][4];
        for (std::size_t i = 0; i < 4; ++i)
          for (std::size_t j = 0; j < 4; ++j)
            load(d[i][j], at + i * block.line_floats + j * channels + c);
        for (std::size_t j = 0; j < 4; ++j) {
          b[0][j] = d[0][j] - d[2][j];
          b[1][j] = d[1][j] + d[2][j];
          b[2][j] = d[2][j] - d[1][j];
          b[3][j] = d[1][j] - d[3][j];
        }
        float* const to = block.inputs + t * channels + c;
        const std::size_t place = block.input_place();
        for (std::size_t i = 0; i < 4; ++i) {
          store(to + (4 * i + 0) * place, b[i][0] - b[i][2]);
          store(to + (4 * i + 1) * place, b[i][1] + b[i][2]);
          store(to + (4 * i + 2) * place, b[i][2] - b[i][1]);
          store(to + (4 * i + 3) * place, b[i][1] - b[i][3]);
        }
      }
    }
  }
};

// The 2 x 2 results of each tile.
struct TransformResults {
  [[gnu::always_inline]] static inline void run(const Block& block, const float* const& bias,
                                                float* const& y) {
    const std::size_t outs = block.conv.out_channels, place = block.result_place();
    for (std::size_t t = 0; t < block.count; ++t) {
      const std::size_t tile = block.first + t;
      const std::size_t row = tile / block.tiles_a_line * 2;
      const std::size_t column = tile % block.tiles_a_line * 2;
      const float* const from = block.results + t * outs;
      for (std::size_t o = 0; o < outs; o += lanes) {
        Wide added{};
        if (bias != nullptr) load(added, bias + o);
        Wide m[4][4], a[2][4];
        for (std::size_t i = 0; i < winograd_places; ++i)
          load(m[i / 4][i % 4], from + i * place + o);
        for (std::size_t j = 0; j < 4; ++j) {
          a[0][j] = m[0][j] + m[1][j] + m[2][j];
          a[1][j] = m[1][j] - m[2][j] - m[3][j];
        }
        for (std::size_t i = 0; i < 2 && row + i < block.conv.out_height; ++i) {
          float* const to = y + ((row + i) * block.conv.out_width + column) * outs + o;
          store_result(block.conv, to, a[i][0] + a[i][1] + a[i][2] + added);
          if (column + 1 < block.conv.out_width)
            store_result(block.conv, to + outs, a[i][1] - a[i][2] - a[i][3] + added);
        }
      }
    }
  }

  [[gnu::always_inline]] static inline void store_result(const PanelConv& conv, float* to,
                                                         const Wide& sum) {
    store(to, conv.positive ? (sum > 0 ? sum : Wide{}) : sum);
  }
};

void run_block(const Block& block, const float* w, const float* bias, float* y) {
  kernels::run_wide_fused<TransformInputs>(block);
  PanelProduct product;
  product.rows = block.count;
  product.inner = product.x_pitch = block.conv.channels;
  product.columns = product.y_pitch = block.conv.out_channels;
  for (std::size_t place = 0; place < winograd_places; ++place)
    run(product, block.inputs + place * block.input_place(),
        w + place * product.inner * product.columns, nullptr,
        block.results + place * block.result_place());
  kernels::run_wide_fused<TransformResults>(block, bias, y);
}

}  // namespace

bool fits_winograd(const PanelConv& conv) noexcept {
  return conv.kernel_height == 3 && conv.kernel_width == 3 && conv.stride_y == 1 &&
         conv.stride_x == 1 && conv.channels >= panel && conv.channels % lanes == 0 &&
         conv.out_height >= 2 && conv.out_width >= 2;
}

void transform_weights(const PanelConv& conv, const float* w, std::span<const std::int64_t> strides,
                       float* to) {
  constexpr float by[4][3] = {{1, 0, 0}, {.5F, .5F, .5F}, {.5F, -.5F, .5F}, {0, 0, 1}};
  for (std::size_t o = 0; o < conv.out_channels; ++o) {
    for (std::size_t c = 0; c < conv.channels; ++c) {
      const float* const at =
          w + static_cast<std::int64_t>(o) * strides[0] + static_cast<std::int64_t>(c) * strides[1];
      for (std::size_t place = 0; place < winograd_places; ++place) {
        float sum = 0;
        for (std::int64_t i = 0; i < 3; ++i)
          for (std::int64_t j = 0; j < 3; ++j)
            sum += by[place / 4][i] * by[place % 4][j] * at[i * strides[2] + j * strides[3]];
        to[((place * conv.out_channels + o / panel * panel) * conv.channels + c * panel) +
           o % panel] = sum;
      }
    }
  }
}

void run_winograd(const PanelConv& conv, const float* x, const float* w, const float* bias,
                  float* y) {
  thread_local std::vector<float> picture, inputs, results;
  const std::size_t tiles_a_line = (conv.out_width + 1) / 2, lines = (conv.out_height + 1) / 2;
  // Tiles of an odd size reach beyond the frame.
  PanelConv even = conv;
  even.pad_right += 2 * tiles_a_line - conv.out_width;
  even.pad_bottom += 2 * lines - conv.out_height;
  inputs.resize(winograd_places * (tiles_together * conv.channels + apart));
  results.resize(winograd_places * (tiles_together * conv.out_channels + apart));
  const std::size_t line = (even.pad_left + even.width + even.pad_right) * conv.channels;
  for (std::size_t i = 0; i < conv.batch; ++i) {
    frame(even, x + i * conv.height * conv.width * conv.channels, picture);
    const std::size_t tiles = lines * tiles_a_line;
    for (std::size_t first = 0; first < tiles; first += tiles_together)
      run_block({conv, picture.data(), line, tiles_a_line, first,
                 std::min(tiles_together, tiles - first), inputs.data(), results.data()},
                w, bias, y + i * conv.out_height * conv.out_width * conv.out_channels);
  }
}

}  // namespace troika::onnx
