// The reduction over all tiles, and the sums that are floats.
#include <cmath>
#include <numeric>

#include "kernels/exposure/exposure.h"
#include "kernels/histogram/histogram.h"
#include "kernels/luma/luma.h"
#include "kernels/tone_curve/tone_curve.h"
#include "tests/kernels/dialect_test.h"

namespace troika::kernels {
namespace {

class Reductions : public DialectTest {};

std::vector<u32> sum_of(const std::vector<u32>& partials, std::size_t tiles) {
  std::vector<u32> sums(histogram_bins);
  for (std::size_t i = 0; i < histogram_bins * tiles; ++i) sums[i % histogram_bins] += partials[i];
  return sums;
}

TEST_P(Reductions, histograms_of_all_tiles_add_up_to_the_pictures) {
  for (const Grid& grid : grids()) {
    SCOPED_TRACE(testing::PrintToString(grid));
    Plane16 in = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    const int across = (grid.width + grid.tile_w - 1) / grid.tile_w;
    const int down = (grid.height + grid.tile_h - 1) / grid.tile_h;
    const auto tiles = static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
    std::vector<u32> partials(histogram_bins * (tiles + 1), 0xA5A5'A5A5);
    std::size_t next = 0;
    for (int y = 0; y < grid.height; y += grid.tile_h)
      for (int x = 0; x < grid.width; x += grid.tile_w, next += histogram_bins) {
        const Rect tile{x, y, std::min(grid.tile_w, grid.width - x),
                        std::min(grid.tile_h, grid.height - y)};
        run(histogram_operation(),
            {only(in, tile), table(partials, next, histogram_bins), tile.w, tile.h, pitch(in)});
        ASSERT_FALSE(HasFatalFailure());
        ASSERT_EQ(partials[next + histogram_bins], 0xA5A5'A5A5);
      }
    ASSERT_EQ(sum_of(partials, tiles), histogram_reference(in));
  }
}

TEST_P(Reductions, tone_curve_equals_its_reference_to_the_bit) {
  // Empty, one bin only (the first, the last, one between), two bins, and random ones.
  std::vector<std::vector<u32>> pictures;
  for (const std::size_t bin : {0u, 255u, 100u}) {
    pictures.emplace_back(histogram_bins)[bin] = 1'000'000;
  }
  pictures.emplace_back(histogram_bins);
  pictures.emplace_back(histogram_bins)[0] = 5;
  pictures.back()[255] = 995;  // just not enough for black to lie at 0
  pictures.emplace_back(histogram_bins)[100] = 999;
  pictures.back()[255] = 1;  // just few enough for white to lie at 100
  std::uniform_int_distribution<u32> any{0, 200'000};
  for (int i = 0; i < 20; ++i)
    for (u32& count : pictures.emplace_back(histogram_bins))
      count = any(random_) >> (any(random_) % 17);

  for (const std::vector<u32>& picture : pictures)
    for (const int tiles : {1, 7}) {
      // Dealt out among tiles, with a stranger's histogram before and behind them.
      std::vector<u32> bins(histogram_bins * static_cast<std::size_t>(tiles + 2), 9'999);
      for (std::size_t t = 0; t < static_cast<std::size_t>(tiles); ++t)
        for (std::size_t i = 0; i < histogram_bins; ++i)
          bins[histogram_bins * (t + 1) + i] = picture[i] / static_cast<u32>(tiles) +
                                               (t < picture[i] % static_cast<u32>(tiles) ? 1 : 0);
      std::vector<u16> curve(tone_curve_points + 2, 0xA5A5);
      run(tone_curve_operation(),
          {table(bins, histogram_bins, histogram_bins * static_cast<std::size_t>(tiles)),
           table(curve, 1, tone_curve_points), tiles});
      ASSERT_FALSE(HasFatalFailure());
      ASSERT_EQ(curve.front(), 0xA5A5);
      ASSERT_EQ(curve.back(), 0xA5A5);
      ASSERT_EQ(std::vector<u16>(curve.begin() + 1, curve.end() - 1),
                tone_curve_reference(picture));
    }
}

double ulps_between(float a, float b) {
  const float larger = std::max(std::abs(a), std::abs(b));
  return std::abs(static_cast<double>(a) - b) /
         (static_cast<double>(std::nextafter(larger, INFINITY)) - larger);
}

TEST_P(Reductions, exposure_is_within_its_declared_bound) {
  for (const Grid& grid : grids()) {
    SCOPED_TRACE(testing::PrintToString(grid));
    // Whole blocks a tile, so that tiles and picture have the same blocks.
    const int tile_w = exposure_blocks(grid.tile_w) * exposure_block;
    const int tile_h = exposure_blocks(grid.tile_h) * exposure_block;
    Plane16 in = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    const Image<float> expected = exposure_reference(in);
    Image<float> got(expected.width, expected.height);
    for (int y = 0; y < grid.height; y += tile_h)
      for (int x = 0; x < grid.width; x += tile_w) {
        const Rect tile{x, y, std::min(tile_w, grid.width - x), std::min(tile_h, grid.height - y)};
        const Rect blocks{x / exposure_block, y / exposure_block, exposure_blocks(tile.w),
                          exposure_blocks(tile.h)};
        run(exposure_operation(),
            {only(in, tile), view(got, blocks), tile.w, tile.h, pitch(in), pitch(got)});
        ASSERT_FALSE(HasFatalFailure());
      }
    for (std::size_t i = 0; i < got.samples.size(); ++i)
      ASSERT_LE(ulps_between(got.samples[i], expected.samples[i]), exposure_ulps) << "block " << i;
  }
}

TEST_P(Reductions, every_logarithm_of_a_luma_is_within_the_bound) {
  // A picture of blocks that hold one luma each, at their first pixel, and zeros.
  constexpr int across = 256;
  Plane16 in(across * exposure_block, across * exposure_block);
  for (int i = 0; i <= luma_max; ++i)
    in.at(i % across * exposure_block, i / across * exposure_block) = static_cast<u16>(i);
  Image<float> got(across, across);
  run(exposure_operation(),
      {view(in, {0, 0, in.width, in.height}), view(got, {0, 0, across, across}), in.width,
       in.height, pitch(in), pitch(got)});
  ASSERT_FALSE(HasFatalFailure());
  for (int i = 0; i <= luma_max; ++i)
    ASSERT_LE(ulps_between(got.at(i % across, i / across), static_cast<float>(std::log2(1.0 + i))),
              4)
        << "luma " << i;
}

TROIKA_IN_EVERY_DIALECT(Reductions);

TEST(References, the_tone_curve_never_falls_and_reaches_both_ends) {
  std::vector<u32> bins(histogram_bins, 1'000);
  const std::vector<u16> curve = tone_curve_reference(bins);
  EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end()));
  EXPECT_EQ(curve.front(), 0);
  EXPECT_EQ(curve.back(), luma_max);
}

}  // namespace
}  // namespace troika::kernels
