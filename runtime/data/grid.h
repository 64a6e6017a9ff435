// Cuts a buffer into segments: the cells of a grid, no view dividing any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/graph/region.h"

namespace troika {

// Cells are numbered row by row. The buffer is seen as rows of `pitch` bytes: the pitch of the
// first region with gaps, or one row of all its bytes as long as there was none.
class Grid {
 public:
  explicit Grid(std::size_t bytes);

  // A box of cells, ends excluded.
  struct Box {
    std::uint32_t x_begin = 0, x_end = 0, y_begin = 0, y_end = 0;
  };
  // The cells of a region: at most three boxes.
  struct Cells {
    Box boxes[3];
    std::uint32_t count = 0;
    bool exact = true;  // false: they hold more than the region, whose pitch is not the grid's
    std::span<const Box> all() const noexcept { return {boxes, count}; }
    bool is_one() const noexcept {
      return count == 1 && boxes[0].x_end - boxes[0].x_begin == 1 &&
             boxes[0].y_end - boxes[0].y_begin == 1;
    }
  };

  // Makes the regions' edges cuts. Returns for each new cell the old one that it was part of; empty
  // when nothing changed.
  std::vector<std::uint32_t> refine(std::span<const Region> regions);
  std::vector<std::uint32_t> refine(const Region& region) { return refine({&region, 1}); }
  // Whether views of this pitch (0: without gaps) can be told apart exactly here.
  bool takes(std::size_t pitch) const noexcept;
  // The region has been refined for. Answers are kept, for a replay asks the same again and again:
  // one thread at a time.
  Cells cells(const Region& region) const noexcept;

  // Every byte of the buffer; bytes past its end are in no box.
  Cells everything() const noexcept { return cells(Region::bytes(0, bytes_)); }

  std::size_t cell_count() const noexcept { return columns() * (y_cuts_.size() - 1); }
  std::uint32_t index(std::uint32_t x, std::uint32_t y) const noexcept {
    return y * static_cast<std::uint32_t>(columns()) + x;
  }
  Region region(const Box& box) const noexcept;
  std::size_t bytes(const Box& box) const noexcept;

 private:
  std::size_t columns() const noexcept { return x_cuts_.size() - 1; }
  // The region as boxes of byte columns and rows.
  struct Rectangles {
    struct One {
      std::size_t x_begin, x_end, y_begin, y_end;
    } all[3];
    std::uint32_t count = 0;
    bool exact = true;
  };
  Rectangles rectangles(const Region& region) const noexcept;
  Cells locate(const Region& region) const noexcept;
  bool has_edges_of(const Rectangles& parts) const noexcept;

  std::size_t bytes_;
  std::size_t pitch_;
  bool has_pitch_ = false;
  std::vector<std::size_t> x_cuts_, y_cuts_;
  struct Answer {
    Region region;  // empty: none
    Cells cells;
  };
  static constexpr std::size_t answers_max = 1024;
  mutable std::vector<Answer> answers_;  // by the region's offset; a power of two of them, or none
};

}  // namespace troika
