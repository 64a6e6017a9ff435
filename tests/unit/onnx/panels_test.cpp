// Products with weights in panels equal sums by hand, and touch nothing beside their result.
#include "serving/onnx/kernels/panels.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace troika::onnx {
namespace {

class Panels : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  static constexpr std::size_t inner = 19, pitch = 23, width = PanelProduct::panel_columns;

  std::vector<float> some(std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = between_(random_);
    return values;
  }

 private:
  std::mt19937 random_{1};
  std::uniform_real_distribution<float> between_{-1, 1};
};

TEST_P(Panels, equal_the_sums_by_hand_and_leave_the_rest_alone) {
  const auto [rows, columns] = GetParam();
  const std::size_t y_pitch = columns + 3;
  const auto x = some(rows * pitch), w = some(inner * columns), bias = some(columns);
  std::vector<float> panels((columns + width - 1) / width * width * inner);
  for (std::size_t k = 0; k < inner; ++k)
    for (std::size_t c = 0; c < columns; ++c)
      panels[(c / width * inner + k) * width + c % width] = w[k * columns + c];
  for (const bool positive : {false, true}) {
    std::vector<float> y(rows * y_pitch, 7);
    run({rows, inner, columns, pitch, y_pitch, 1, positive}, x.data(), panels.data(), bias.data(),
        y.data());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        double sum = bias[c];
        for (std::size_t k = 0; k < inner; ++k)
          sum += static_cast<double>(x[r * pitch + k]) * w[k * columns + c];
        ASSERT_NEAR(y[r * y_pitch + c], positive ? std::max(sum, 0.0) : sum, 1e-5) << r << ' ' << c;
      }
      for (std::size_t c = columns; c < y_pitch; ++c) ASSERT_EQ(y[r * y_pitch + c], 7);
    }
  }
}

// Every height of tile, alone and behind others; whole panels, parts of one, and several at once.
INSTANTIATE_TEST_SUITE_P(sizes, Panels,
                         ::testing::Combine(::testing::Range<std::size_t>(1, 15),
                                            ::testing::Values(1, 10, 16, 33, 70)));

}  // namespace
}  // namespace troika::onnx
