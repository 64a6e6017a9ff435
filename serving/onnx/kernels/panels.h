// Matrix products with weights that lie in panels of columns: what a fully connected layer is at
// run time, and a convolution of pictures whose channels lie together.
#pragma once

#include <cstddef>
#include <vector>

namespace troika::onnx {

// y = x w + bias, or its positive part. Rows of x and y lie `x_pitch` and `y_pitch` floats apart.
// Of w, `panel_columns` columns lie together, row by row, and then the next; the last are filled up
// with zeros.
struct PanelProduct {
  static constexpr std::size_t panel_columns = 16;

  std::size_t rows = 0, inner = 0, columns = 0;
  std::size_t x_pitch = 0, y_pitch = 0;
  // As many products with the same weights, so far apart in x and y.
  std::size_t lines = 1, x_line_pitch = 0, y_line_pitch = 0;
  // A row of x is so many pieces of `inner` floats, so far apart; w has as many times its rows.
  std::size_t pieces = 1, piece_pitch = 0;
  std::size_t bias_stride = 1;  // 0: one for all columns
  bool positive = false;
};

// `bias` may be null.
void run(const PanelProduct& product, const float* x, const float* w, const float* bias, float* y);

// Of pictures, [batch, height, width, channels] densely: each row of a window is one piece, each
// row of results one line. Weights are [kernel height, kernel width, channels] in panels of
// results.
struct PanelConv {
  std::size_t batch = 0, height = 0, width = 0, channels = 0;
  std::size_t kernel_height = 0, kernel_width = 0, stride_y = 1, stride_x = 1;
  std::size_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  std::size_t out_height = 0, out_width = 0, out_channels = 0;
  bool positive = false;
};

// The picture within a frame of zeros, as wide as it is padded.
void frame(const PanelConv& conv, const float* picture, std::vector<float>& to);

void run(const PanelConv& conv, const float* x, const float* w, const float* bias, float* y);

}  // namespace troika::onnx
