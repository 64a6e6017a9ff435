// Enlarging: weights, source rectangles, and the kernel in both dialects.
#include "kernels/enlarge/enlarge.h"

#include "tests/kernels/dialect_test.h"

namespace troika::kernels {
namespace {

class EnlargeKernel : public DialectTest {};

TEST_P(EnlargeKernel, equals_its_reference_to_the_bit_at_any_factor) {
  for (const int factor : {1, 2, 3, 4, 5, 16, enlarge_factor_max})
    for (const Grid& grid : grids()) {
      if (grid.width * grid.height * factor * factor > 200'000) continue;
      SCOPED_TRACE(testing::PrintToString(grid) + " times " + std::to_string(factor));
      Rgb8 in = noise<u8>(random_, grid.width, grid.height, 3, 255);
      Rgb8 out(grid.width * factor, grid.height * factor, 3);
      std::vector<i32> weights = enlarge_weights(factor);
      // Tiles that begin at every phase.
      check_tiles(
          out, enlarge_reference(in, factor), grid.tile_w * factor + 1, grid.tile_h * factor + 1,
          [&](Rect tile) {
            const Rect from = enlarge_source(tile, factor, in.width, in.height);
            run(enlarge_operation(),
                {only(in, from), view(out, tile), table(weights, 0, weights.size()), from.w, from.h,
                 from.x, from.y, tile.x, tile.y, tile.w, tile.h, pitch(in), pitch(out), factor});
          });
      if (HasFatalFailure()) return;
    }
}

TROIKA_IN_EVERY_DIALECT(EnlargeKernel);

TEST(References, enlarging_once_changes_nothing) {
  std::mt19937 random{3};
  const Rgb8 picture = noise<u8>(random, 31, 17, 3, 255);
  EXPECT_EQ(enlarge_reference(picture, 1).samples, picture.samples);
}

TEST(References, enlarging_keeps_a_flat_picture_at_every_factor) {
  Rgb8 flat(3, 2, 3);
  std::fill(flat.samples.begin(), flat.samples.end(), u8{200});
  for (int factor = 1; factor <= enlarge_factor_max; ++factor)
    for (const u8 sample : enlarge_reference(flat, factor).samples) ASSERT_EQ(sample, 200);
}

TEST(References, enlarge_weights_mirror_one_another) {
  for (int factor = 1; factor <= enlarge_factor_max; ++factor) {
    const std::vector<i32> weights = enlarge_weights(factor);
    for (std::size_t phase = 0; phase < static_cast<std::size_t>(factor); ++phase) {
      // The pixel in the middle of an odd factor sits on a source pixel and has no mirror image.
      if (2 * phase + 1 == static_cast<std::size_t>(factor)) continue;
      const i32* here = &weights[4 * phase];
      const i32* there = &weights[4 * (static_cast<std::size_t>(factor) - 1 - phase)];
      for (std::size_t i = 0; i < 4; ++i) ASSERT_NEAR(here[i], there[3 - i], 1);
    }
  }
}

}  // namespace
}  // namespace troika::kernels
