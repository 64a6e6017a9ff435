// Every kernel test runs once a dialect: on the host and, where there is a device, in OpenCL C and
// in CUDA C.
#pragma once

#include <random>

#include <gtest/gtest.h>

#include "tests/kernels/runner.h"

namespace troika::kernels {

class DialectTest : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override;
  // Fails the test when the call fails.
  void run(const Operation& operation, const std::vector<CallArg>& args);

  // A view of an input for the next run() only; what lies outside of it is spoilt, so that a kernel
  // that looks there does not get away with it.
  template <class T>
  CallArg only(const Image<T>& image, Rect at) {
    const auto copy = std::make_shared<Image<T>>(image);
    for (T& sample : copy->samples) sample = static_cast<T>(~sample);
    for (int y = at.y; y < at.y + at.h; ++y)
      for (int x = at.x; x < at.x + at.w; ++x)
        for (int c = 0; c < image.channels; ++c) copy->at(x, y, c) = image.at(x, y, c);
    inputs_.push_back(copy);
    return view(*copy, at);
  }

  std::mt19937 random_{20'261'123};

 private:
  Runner* runner_ = nullptr;
  std::vector<std::shared_ptr<const void>> inputs_;
};

inline std::string name_of_dialect(const testing::TestParamInfo<Dialect>& info) {
  switch (info.param) {
    case Dialect::host: return "host";
    case Dialect::opencl_c: return "opencl";
    default: return "cuda";
  }
}

#define TROIKA_IN_EVERY_DIALECT(suite) \
  INSTANTIATE_TEST_SUITE_P(            \
      , suite, testing::Values(Dialect::host, Dialect::opencl_c, Dialect::ptx), name_of_dialect)

// Noise of every strength: blocks of steep, gentle and no variation.
template <class T>
Image<T> noise(std::mt19937& random, int width, int height, int channels, int max) {
  Image<T> image(width, height, channels);
  std::uniform_int_distribution<int> any{0, max}, kind{0, 2};
  int strength = 0, base = 0;
  for (std::size_t i = 0; i < image.samples.size(); ++i) {
    if (i % 29 == 0) {
      strength = kind(random);
      base = any(random);
    }
    const int wild = any(random);
    const int value = strength == 0 ? wild : strength == 1 ? base + wild / 32 : base;
    image.samples[i] = static_cast<T>(std::min(value, max));
  }
  return image;
}

struct Grid {
  int width, height;  // of the picture
  int tile_w, tile_h;
};
inline void PrintTo(const Grid& grid, std::ostream* to) {
  *to << grid.width << " x " << grid.height << " in " << grid.tile_w << " x " << grid.tile_h;
}

// Odd widths, one pixel, single rows and columns, tiles that are cut off and tiles narrower than
// any halo.
inline const std::vector<Grid>& grids() {
  static const std::vector<Grid> all{{1001, 21, 256, 16}, {64, 64, 64, 64}, {130, 67, 48, 32},
                                     {5, 4, 1, 1},        {1, 1, 1, 1},     {1, 40, 1, 16},
                                     {77, 1, 16, 1},      {33, 19, 7, 3}};
  return all;
}

// Computes `got` tile by tile with `compute(tile)`; after each tile it holds what is expected there
// and is untouched elsewhere.
template <class T, class Compute>
void check_tiles(Image<T>& got, const Image<T>& expected, int tile_w, int tile_h,
                 Compute&& compute) {
  std::fill(got.samples.begin(), got.samples.end(), static_cast<T>(0xA5));
  Image<T> so_far = got;
  for (int y = 0; y < got.height; y += tile_h)
    for (int x = 0; x < got.width; x += tile_w) {
      const Rect tile{x, y, std::min(tile_w, got.width - x), std::min(tile_h, got.height - y)};
      compute(tile);
      if (testing::Test::HasFatalFailure()) return;
      for (int j = y; j < y + tile.h; ++j)
        for (int i = x; i < x + tile.w; ++i)
          for (int c = 0; c < got.channels; ++c) so_far.at(i, j, c) = expected.at(i, j, c);
      ASSERT_EQ(got.samples, so_far.samples) << "tile at " << x << ", " << y;
    }
}

}  // namespace troika::kernels
