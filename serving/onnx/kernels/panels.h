// Matrix products with weights that lie in panels of columns: what a fully connected layer is at
// run time.
#pragma once

#include <cstddef>

namespace troika::onnx {

// y = x w + bias, or its positive part. Rows of x and y lie `x_pitch` and `y_pitch` floats apart.
// Of w, `panel_columns` columns lie together, row by row, and then the next; the last are filled up
// with zeros.
struct PanelProduct {
  static constexpr std::size_t panel_columns = 16;

  std::size_t rows = 0, inner = 0, columns = 0;
  std::size_t x_pitch = 0, y_pitch = 0;
  std::size_t bias_stride = 1;  // 0: one for all columns
  bool positive = false;
};

// `bias` may be null.
void run(const PanelProduct& product, const float* x, const float* w, const float* bias, float* y);

}  // namespace troika::onnx
