// Kernels that read a halo around their tile.
#include "kernels/blur_columns/blur_columns.h"
#include "kernels/blur_rows/blur_rows.h"
#include "kernels/edges/edges.h"
#include "kernels/luma/luma.h"
#include "kernels/smooth/smooth.h"
#include "tests/kernels/dialect_test.h"

namespace troika::kernels {
namespace {

class HaloKernels : public DialectTest {
 protected:
  void expect_reference(const Operation& operation, Plane16 (*reference)(const Plane16&),
                        int radius_x, int radius_y) {
    for (const Grid& grid : grids()) {
      SCOPED_TRACE(testing::PrintToString(grid));
      Plane16 in = noise<u16>(random_, grid.width, grid.height, 1, luma_max);
      Plane16 out(grid.width, grid.height);
      check_tiles(out, reference(in), grid.tile_w, grid.tile_h, [&](Rect tile) {
        const Halo halo = halo_of(tile, radius_x, radius_y, grid.width, grid.height);
        run(operation, {only(in, halo.view), view(out, tile), halo.view.w, halo.view.h, halo.left,
                        halo.top, tile.w, tile.h, pitch(in), pitch(out)});
      });
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(HaloKernels, smooth_equals_its_reference_to_the_bit) {
  expect_reference(smooth_operation(), smooth_reference, smooth_radius, smooth_radius);
}
TEST_P(HaloKernels, blur_rows_equals_its_reference_to_the_bit) {
  expect_reference(blur_rows_operation(), blur_rows_reference, blur_rows_radius, 0);
}
TEST_P(HaloKernels, blur_columns_equals_its_reference_to_the_bit) {
  expect_reference(blur_columns_operation(), blur_columns_reference, 0, blur_columns_radius);
}
TEST_P(HaloKernels, edges_equals_its_reference_to_the_bit) {
  expect_reference(edges_operation(), edges_reference, edges_radius, edges_radius);
}

TROIKA_IN_EVERY_DIALECT(HaloKernels);

TEST(References, smooth_leaves_a_flat_plane_and_a_tall_step_alone) {
  Plane16 step(8, 4);
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 8; ++x) step.at(x, y) = x < 4 ? 1000 : 1000 + smooth_reach;
  EXPECT_EQ(smooth_reference(step).samples, step.samples);
}

TEST(References, blur_keeps_a_flat_plane_at_its_extremes) {
  for (const u16 level : {u16{0}, u16{1}, luma_max}) {
    Plane16 flat(40, 40);
    std::fill(flat.samples.begin(), flat.samples.end(), level);
    EXPECT_EQ(blur_columns_reference(blur_rows_reference(flat)).samples, flat.samples);
  }
}

TEST(References, edges_of_a_ramp_are_its_slope) {
  Plane16 ramp(8, 8);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) ramp.at(x, y) = static_cast<u16>(100 * x);
  EXPECT_EQ(edges_reference(ramp).at(4, 4), 200);  // 4 * (2 * 100) / 4
}

}  // namespace
}  // namespace troika::kernels
