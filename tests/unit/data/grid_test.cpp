#include "runtime/data/grid.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace troika {
namespace {

// Every byte of a buffer by itself: the cell that holds it, found by asking the grid for each cell.
class ByteMap {
 public:
  ByteMap(const Grid& grid, std::size_t bytes) : cell_(bytes, none) {
    const std::uint32_t columns = grid.index(0, 1);
    const auto rows = static_cast<std::uint32_t>(grid.cell_count() / columns);
    for (std::uint32_t y = 0; y < rows; ++y) {
      for (std::uint32_t x = 0; x < columns; ++x) {
        for (const std::size_t byte : bytes_of(grid.region({x, x + 1, y, y + 1}))) {
          if (byte >= bytes) continue;
          EXPECT_EQ(cell_[byte], none) << "byte " << byte << " is in two cells";
          cell_[byte] = grid.index(x, y);
        }
      }
    }
    EXPECT_EQ(std::count(cell_.begin(), cell_.end(), none), 0) << "bytes in no cell";
  }

  std::uint32_t operator[](std::size_t byte) const { return cell_[byte]; }

  static std::vector<std::size_t> bytes_of(const Region& region) {
    std::vector<std::size_t> bytes;
    for (std::size_t row = 0; row < region.rows; ++row)
      for (std::size_t i = 0; i < region.row_bytes; ++i)
        bytes.push_back(region.offset + row * region.pitch + i);
    return bytes;
  }

  static constexpr std::uint32_t none = ~0U;

 private:
  std::vector<std::uint32_t> cell_;
};

// The bytes that the boxes of a region hold, each as often as it is in one.
std::vector<std::size_t> bytes_in(const Grid& grid, const Grid::Cells& cells) {
  std::vector<std::size_t> bytes;
  for (const Grid::Box& box : cells.all()) {
    const std::vector<std::size_t> some = ByteMap::bytes_of(grid.region(box));
    EXPECT_EQ(some.size(), grid.bytes(box));
    bytes.insert(bytes.end(), some.begin(), some.end());
  }
  std::sort(bytes.begin(), bytes.end());
  return bytes;
}

class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_{seed} {}
  std::size_t below(std::size_t end) { return random_() % end; }

  // Of a buffer of `bytes`; with gaps half of the time, then of one of `pitches`.
  Region region(std::size_t bytes, std::span<const std::size_t> pitches) {
    const std::size_t pitch = pitches[below(pitches.size())];
    const std::size_t offset = below(bytes - 1);
    if (below(2) == 0) return Region::bytes(offset, 1 + below(bytes - offset));
    const std::size_t width = std::min(1 + below(pitch), bytes - offset);
    const std::size_t rows = 1 + below((bytes - offset - width) / pitch + 1);
    return Region::rectangle(offset, width, rows, pitch);
  }

 private:
  std::mt19937 random_;
};

TEST(Grid, cuts_every_byte_into_one_cell_that_no_view_divides) {
  const std::size_t pitches[] = {12};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Draw draw{seed};
    const std::size_t bytes = 40 + draw.below(60);
    Grid grid{bytes};
    std::vector<Region> refined;
    for (int i = 0; i < 8; ++i) {
      refined.push_back(draw.region(bytes, pitches));
      const ByteMap before{grid, bytes};
      const std::vector<std::uint32_t> origin = grid.refine(refined.back());
      const ByteMap after{grid, bytes};
      if (!origin.empty()) {
        ASSERT_EQ(origin.size(), grid.cell_count());
      }
      for (std::size_t byte = 0; byte < bytes; ++byte)
        EXPECT_EQ(origin.empty() ? after[byte] : origin[after[byte]], before[byte])
            << "byte " << byte << " changed the cell it came from";
      for (const Region& region : refined) {
        const Grid::Cells cells = grid.cells(region);
        EXPECT_TRUE(cells.exact);
        EXPECT_EQ(bytes_in(grid, cells), ByteMap::bytes_of(region));
      }
    }
    EXPECT_EQ(bytes_in(grid, grid.everything()), ByteMap::bytes_of(Region::bytes(0, bytes)));
  }
}

TEST(Grid, is_cut_by_many_views_at_once_as_by_one_after_the_other) {
  const std::size_t pitches[] = {12};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Draw draw{seed};
    const std::size_t bytes = 40 + draw.below(200);
    Grid together{bytes}, one_by_one{bytes};
    std::vector<Region> regions;
    for (int i = 0; i < 12; ++i) regions.push_back(draw.region(bytes, pitches));
    const Region before = draw.region(bytes, pitches);
    const std::size_t cells = (together.refine(before), together.cell_count());
    one_by_one.refine(before);
    const std::vector<std::uint32_t> origin = together.refine(regions);
    for (const Region& region : regions) one_by_one.refine(region);
    ASSERT_EQ(together.cell_count(), one_by_one.cell_count());
    ASSERT_TRUE(origin.empty() ? together.cell_count() == cells
                               : origin.size() == together.cell_count());
    for (const Region& region : regions)
      EXPECT_EQ(bytes_in(together, together.cells(region)), ByteMap::bytes_of(region));
  }
}

TEST(Grid, views_of_a_foreign_pitch_get_all_from_their_first_to_their_last_byte) {
  const std::size_t pitches[] = {8, 9, 13};
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Draw draw{seed};
    const std::size_t bytes = 60 + draw.below(60);
    Grid grid{bytes};
    std::size_t pitch = 0;
    std::vector<Region> refined;
    for (int i = 0; i < 6; ++i) {
      const Region region = draw.region(bytes, pitches);
      if (pitch == 0 && region.rows > 1) pitch = region.pitch;
      const std::vector<std::uint32_t> origin = grid.refine(region);
      refined.push_back(region);
      for (const Region& one : refined) {
        const Grid::Cells cells = grid.cells(one);
        EXPECT_EQ(cells.exact, one.rows == 1 || one.pitch == pitch);
        EXPECT_EQ(bytes_in(grid, cells), ByteMap::bytes_of(widened(one, pitch)));
      }
    }
  }
}

TEST(Grid, takes_the_pitch_of_the_first_view_with_gaps) {
  Grid grid{64};
  EXPECT_TRUE(grid.takes(0));
  EXPECT_TRUE(grid.takes(16));
  ASSERT_FALSE(grid.refine(Region::rectangle(4, 2, 3, 8)).empty());
  EXPECT_TRUE(grid.takes(0));
  EXPECT_TRUE(grid.takes(8));
  EXPECT_FALSE(grid.takes(16));
}

TEST(Grid, a_region_that_is_cut_already_changes_nothing) {
  Grid grid{64};
  ASSERT_FALSE(grid.refine(Region::rectangle(4, 2, 3, 8)).empty());
  const std::size_t cells = grid.cell_count();
  EXPECT_TRUE(grid.refine(Region::rectangle(4, 2, 3, 8)).empty());
  EXPECT_TRUE(grid.refine(Region::bytes(0, 64)).empty());
  EXPECT_EQ(grid.cell_count(), cells);
}

TEST(Grid, rows_that_run_over_the_end_of_a_pitch_continue_in_the_next) {
  Grid grid{64};
  grid.refine(Region::rectangle(0, 2, 2, 8));
  const Region wrapped = Region::rectangle(6, 4, 3, 8);
  grid.refine(wrapped);
  const Grid::Cells cells = grid.cells(wrapped);
  EXPECT_EQ(cells.count, 2u);
  EXPECT_EQ(bytes_in(grid, cells), ByteMap::bytes_of(wrapped));
}

TEST(Grid, an_interval_over_several_rows_is_its_ends_and_the_rows_between) {
  Grid grid{64};
  grid.refine(Region::rectangle(0, 2, 2, 8));
  const Region region = Region::bytes(5, 30);
  grid.refine(region);
  const Grid::Cells cells = grid.cells(region);
  EXPECT_EQ(cells.count, 3u);
  EXPECT_EQ(bytes_in(grid, cells), ByteMap::bytes_of(region));
}

}  // namespace
}  // namespace troika
