#include "runtime/data/grid.h"

#include <algorithm>

namespace troika {
namespace {

bool add_cut(std::vector<std::size_t>& cuts, std::size_t at) {
  const auto found = std::lower_bound(cuts.begin(), cuts.end(), at);
  if (found != cuts.end() && *found == at) return false;
  cuts.insert(found, at);
  return true;
}

std::uint32_t position(const std::vector<std::size_t>& cuts, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(std::lower_bound(cuts.begin(), cuts.end(), at) - cuts.begin());
}

// The interval of `cuts` that holds `at`.
std::uint32_t holder(const std::vector<std::size_t>& cuts, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(std::upper_bound(cuts.begin(), cuts.end(), at) - cuts.begin()) -
         1;
}

}  // namespace

Grid::Grid(std::size_t bytes) : bytes_{bytes}, pitch_{bytes}, x_cuts_{0, bytes}, y_cuts_{0, 1} {}

std::vector<std::uint32_t> Grid::refine(const Region& region) {
  const Grid before = *this;
  bool changed = false;
  if (region.rows > 1 && !has_pitch_) {
    // From one row of everything to rows of this pitch: the cuts so far fall anywhere in a row.
    has_pitch_ = changed = true;
    pitch_ = region.pitch;
    x_cuts_ = {0, pitch_};
    y_cuts_ = {0, (bytes_ + pitch_ - 1) / pitch_};
    for (const std::size_t cut : before.x_cuts_) {
      add_cut(x_cuts_, cut % pitch_);
      add_cut(y_cuts_, cut / pitch_);
      if (cut % pitch_ != 0) add_cut(y_cuts_, cut / pitch_ + 1);
    }
  }
  const Rectangles parts = rectangles(region);
  for (std::uint32_t i = 0; i < parts.count; ++i) {
    const auto& part = parts.all[i];
    changed |= add_cut(x_cuts_, part.x_begin);
    changed |= add_cut(x_cuts_, part.x_end);
    changed |= add_cut(y_cuts_, part.y_begin);
    changed |= add_cut(y_cuts_, part.y_end);
  }
  if (!changed) return {};

  std::vector<std::uint32_t> origin;
  origin.reserve(cell_count());
  for (std::size_t y = 0; y + 1 < y_cuts_.size(); ++y) {
    for (std::size_t x = 0; x + 1 < x_cuts_.size(); ++x) {
      // A cell past the last byte belongs to no view; any origin will do.
      const std::size_t byte = std::min(y_cuts_[y] * pitch_ + x_cuts_[x], bytes_ - 1);
      origin.push_back(before.index(holder(before.x_cuts_, byte % before.pitch_),
                                    holder(before.y_cuts_, byte / before.pitch_)));
    }
  }
  return origin;
}

Grid::Cells Grid::cells(const Region& region) const noexcept {
  const Rectangles parts = rectangles(region);
  Cells result;
  result.exact = parts.exact;
  result.count = parts.count;
  for (std::uint32_t i = 0; i < parts.count; ++i) {
    const auto& part = parts.all[i];
    result.boxes[i] = {position(x_cuts_, part.x_begin), position(x_cuts_, part.x_end),
                       position(y_cuts_, part.y_begin), position(y_cuts_, part.y_end)};
  }
  return result;
}

bool Grid::takes(std::size_t pitch) const noexcept {
  return pitch == 0 || !has_pitch_ || pitch == pitch_;
}

Region Grid::region(const Box& box) const noexcept {
  const std::size_t x = x_cuts_[box.x_begin], y = y_cuts_[box.y_begin];
  return Region::rectangle(y * pitch_ + x, x_cuts_[box.x_end] - x, y_cuts_[box.y_end] - y, pitch_);
}

std::size_t Grid::bytes(const Box& box) const noexcept {
  return (x_cuts_[box.x_end] - x_cuts_[box.x_begin]) * (y_cuts_[box.y_end] - y_cuts_[box.y_begin]);
}

Grid::Rectangles Grid::rectangles(const Region& region) const noexcept {
  Rectangles result;
  const auto push = [&](std::size_t x_begin, std::size_t x_end, std::size_t y_begin,
                        std::size_t y_end) {
    if (x_begin < x_end && y_begin < y_end)
      result.all[result.count++] = {x_begin, x_end, y_begin, y_end};
  };
  const std::size_t column = region.offset % pitch_, row = region.offset / pitch_;
  if (region.rows > 1 && region.pitch == pitch_) {
    // A row may run over the end of one of the grid's into the next.
    const std::size_t end = column + region.row_bytes;
    push(column, std::min(end, pitch_), row, row + region.rows);
    if (end > pitch_) push(0, end - pitch_, row + 1, row + 1 + region.rows);
    return result;
  }
  result.exact = region.rows == 1;
  // From first to last byte: the rest of a row, whole rows, the beginning of one.
  const std::size_t end = region.end();
  const std::size_t last_row = end / pitch_, last_column = end % pitch_;
  if (row == last_row) {
    push(column, last_column, row, row + 1);
    return result;
  }
  std::size_t whole = row;
  if (column != 0) {
    push(column, pitch_, row, row + 1);
    whole = row + 1;
  }
  push(0, pitch_, whole, last_row);
  push(0, last_column, last_row, last_row + 1);
  return result;
}

}  // namespace troika
