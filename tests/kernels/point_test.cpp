// Kernels that compute a pixel from the same pixel of their inputs.
#include "kernels/compose/compose.h"
#include "kernels/luma/luma.h"
#include "kernels/sharpen/sharpen.h"
#include "kernels/tone_curve/tone_curve.h"
#include "tests/kernels/dialect_test.h"

namespace troika::kernels {
namespace {

class PointKernels : public DialectTest {};

TEST_P(PointKernels, luma_equals_its_reference_to_the_bit) {
  for (const Grid& grid : grids()) {
    SCOPED_TRACE(testing::PrintToString(grid));
    Rgb8 in = noise<u8>(random_, grid.width, grid.height, 3, 255);
    Plane16 out(grid.width, grid.height);
    check_tiles(out, luma_reference(in), grid.tile_w, grid.tile_h, [&](Rect tile) {
      run(luma_operation(),
          {only(in, tile), view(out, tile), tile.w, tile.h, pitch(in), pitch(out)});
    });
    if (HasFatalFailure()) return;
  }
}

TEST_P(PointKernels, sharpen_equals_its_reference_to_the_bit) {
  for (const Grid& grid : grids()) {
    SCOPED_TRACE(testing::PrintToString(grid));
    Plane16 smooth = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    Plane16 blurred = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    Plane16 steep = noise<u16>(random_, grid.width, grid.height, 1, 65'535);
    Plane16 out(grid.width, grid.height);
    // A curve that never falls, in the middle of a buffer.
    std::vector<u16> curve(tone_curve_points + 10);
    std::uniform_int_distribution<int> any{0, luma_max};
    for (u16& point : curve) point = static_cast<u16>(any(random_));
    std::sort(curve.begin(), curve.end());
    const std::span<const u16> points{curve.data() + 3, tone_curve_points};
    const Plane16 expected = sharpen_reference(smooth, blurred, steep, points);
    check_tiles(out, expected, grid.tile_w, grid.tile_h, [&](Rect tile) {
      run(sharpen_operation(), {only(smooth, tile), only(blurred, tile), only(steep, tile),
                                view(out, tile), table(curve, 3, tone_curve_points), tile.w, tile.h,
                                pitch(smooth), pitch(blurred), pitch(steep), pitch(out)});
    });
    if (HasFatalFailure()) return;
  }
}

TEST_P(PointKernels, compose_equals_its_reference_to_the_bit) {
  for (const Grid& grid : grids()) {
    SCOPED_TRACE(testing::PrintToString(grid));
    Rgb8 in = noise<u8>(random_, grid.width, grid.height, 3, 255);
    Plane16 luma = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    Plane16 wanted = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
    Rgb8 out(grid.width, grid.height, 3);
    const Rgb8 expected = compose_reference(in, luma, wanted);
    check_tiles(out, expected, grid.tile_w, grid.tile_h, [&](Rect tile) {
      run(compose_operation(),
          {only(in, tile), only(luma, tile), only(wanted, tile), view(out, tile), tile.w, tile.h,
           pitch(in), pitch(luma), pitch(wanted), pitch(out)});
    });
    if (HasFatalFailure()) return;
  }
}

TROIKA_IN_EVERY_DIALECT(PointKernels);

TEST(References, luma_of_white_is_the_largest) {
  Rgb8 white(1, 1, 3);
  std::fill(white.samples.begin(), white.samples.end(), u8{255});
  EXPECT_EQ(luma_reference(white).at(0, 0), luma_max);
}

TEST(References, compose_with_the_old_luma_keeps_a_picture_within_one_level) {
  std::mt19937 random{7};
  const Rgb8 picture = noise<u8>(random, 50, 50, 3, 255);
  const Plane16 luma = luma_reference(picture);
  const Rgb8 out = compose_reference(picture, luma, luma);
  for (std::size_t i = 0; i < out.samples.size(); ++i)
    ASSERT_LE(std::abs(out.samples[i] - picture.samples[i]),
              1 + 64 * 255 / (luma.samples[i / 3] + 64));
}

}  // namespace
}  // namespace troika::kernels
