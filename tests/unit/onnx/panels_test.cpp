// Products with weights in panels equal sums by hand, and touch nothing beside their result.
#include "serving/onnx/kernels/panels.h"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "serving/onnx/kernels/winograd.h"

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
    PanelProduct product;
    product.rows = rows;
    product.inner = inner;
    product.columns = columns;
    product.x_pitch = pitch;
    product.y_pitch = y_pitch;
    product.positive = positive;
    run(product, x.data(), panels.data(), bias.data(), y.data());
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

// Windows that reach beyond every edge, by different widths, and do not meet.
TEST(PanelConvs, equal_the_sums_by_hand) {
  constexpr std::size_t batch = 2, height = 7, width = 9, channels = 3, outs = 32;
  std::mt19937 random{2};
  std::uniform_real_distribution<float> between{-1, 1};
  const auto some = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = between(random);
    return values;
  };
  PanelConv conv{batch, height, width, channels, 3, 2, 2, 1, 1, 2, 0, 1, 0, 0, outs, false};
  conv.out_height = (1 + height + 2 - 3) / 2 + 1;
  conv.out_width = width + 1 - 2 + 1;
  const auto x = some(batch * height * width * channels), bias = some(outs);
  const auto w = some(3 * 2 * channels * outs);  // in panels
  std::vector<float> y(batch * conv.out_height * conv.out_width * outs);
  run(conv, x.data(), w.data(), bias.data(), y.data());
  const auto at = [&](std::size_t n, std::size_t row, std::size_t column, std::size_t c) -> double {
    const std::size_t iy = row - conv.pad_top, ix = column - conv.pad_left;
    return iy < height && ix < width ? x[((n * height + iy) * width + ix) * channels + c] : 0;
  };
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t o = i % outs, ox = i / outs % conv.out_width;
    const std::size_t oy = i / outs / conv.out_width % conv.out_height;
    const std::size_t n = i / outs / conv.out_width / conv.out_height;
    double sum = bias[o];
    for (std::size_t k = 0; k < 3 * 2 * channels; ++k)
      sum += at(n, 2 * oy + k / channels / 2, ox + k / channels % 2, k % channels) *
             w[(o / 16 * 3 * 2 * channels + k) * 16 + o % 16];
    ASSERT_NEAR(y[i], sum, 1e-5) << i;
  }
}

// Even and odd sizes, more tiles than are worked on together, edges beyond which windows reach.
TEST(PanelConvs, by_fewer_products_equal_the_sums_of_all) {
  std::mt19937 random{3};
  std::uniform_real_distribution<float> between{-1, 1};
  const auto some = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = between(random);
    return values;
  };
  for (const auto& [height, width, pad] :
       {std::tuple{2, 2, 1}, std::tuple{7, 9, 1}, std::tuple{14, 17, 0}, std::tuple{16, 16, 1}}) {
    PanelConv conv;
    conv.batch = 2;
    conv.height = static_cast<std::size_t>(height);
    conv.width = static_cast<std::size_t>(width);
    conv.channels = 24;
    conv.kernel_height = conv.kernel_width = 3;
    conv.pad_top = conv.pad_bottom = conv.pad_left = conv.pad_right = static_cast<std::size_t>(pad);
    conv.out_height = conv.height + 2 * conv.pad_top - 2;
    conv.out_width = conv.width + 2 * conv.pad_left - 2;
    conv.out_channels = 32;
    conv.positive = true;
    ASSERT_TRUE(fits_winograd(conv));
    const std::size_t inner = 9 * conv.channels;
    const auto x = some(conv.batch * conv.height * conv.width * conv.channels);
    const auto panels = some(inner * conv.out_channels), bias = some(conv.out_channels);
    // The same weights as [results, channels, 3, 3].
    std::vector<float> plain(panels.size()), places(16 * conv.channels * conv.out_channels);
    for (std::size_t o = 0; o < conv.out_channels; ++o)
      for (std::size_t k = 0; k < inner; ++k)
        plain[o * inner + k % conv.channels * 9 + k / conv.channels] =
            panels[(o / 16 * inner + k) * 16 + o % 16];
    const std::array<std::int64_t, 4> strides{static_cast<std::int64_t>(inner), 9, 3, 1};
    transform_weights(conv, plain.data(), strides, places.data());
    const std::size_t count = conv.batch * conv.out_height * conv.out_width * conv.out_channels;
    std::vector<float> all(count), fewer(count + 1, 7);
    run(conv, x.data(), panels.data(), bias.data(), all.data());
    run_winograd(conv, x.data(), places.data(), bias.data(), fewer.data());
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_NEAR(all[i], fewer[i], 1e-4) << width << ' ' << i;
    EXPECT_EQ(fewer.back(), 7) << "nothing behind the result";
  }
}

// Every height of tile, alone and behind others; whole panels, parts of one, and several at once.
INSTANTIATE_TEST_SUITE_P(sizes, Panels,
                         ::testing::Combine(::testing::Range<std::size_t>(1, 15),
                                            ::testing::Values(1, 10, 16, 33, 70)));

}  // namespace
}  // namespace troika::onnx
