#include "runtime/data/grid.h"

#include <algorithm>
#include <bit>

namespace troika {
namespace {

bool is_cut(const std::vector<std::size_t>& cuts, std::size_t at) noexcept {
  return std::binary_search(cuts.begin(), cuts.end(), at);
}

std::uint32_t position(const std::vector<std::size_t>& cuts, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(std::lower_bound(cuts.begin(), cuts.end(), at) - cuts.begin());
}

// Of a cut behind the one at `begin`: as a rule the next.
std::uint32_t position_behind(const std::vector<std::size_t>& cuts, std::uint32_t begin,
                              std::size_t at) noexcept {
  return cuts[begin + 1] == at ? begin + 1 : position(cuts, at);
}

// The interval of `cuts` that holds `at`.
std::uint32_t holder(const std::vector<std::size_t>& cuts, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(std::upper_bound(cuts.begin(), cuts.end(), at) - cuts.begin()) -
         1;
}

}  // namespace

Grid::Grid(std::size_t bytes) : bytes_{bytes}, pitch_{bytes}, x_cuts_{0, bytes}, y_cuts_{0, 1} {}

bool Grid::has_edges_of(const Rectangles& parts) const noexcept {
  return std::all_of(parts.all, parts.all + parts.count, [&](const Rectangles::One& part) {
    return is_cut(x_cuts_, part.x_begin) && is_cut(x_cuts_, part.x_end) &&
           is_cut(y_cuts_, part.y_begin) && is_cut(y_cuts_, part.y_end);
  });
}

std::vector<std::uint32_t> Grid::refine(std::span<const Region> regions) {
  const auto gaps =
      std::find_if(regions.begin(), regions.end(), [](const Region& r) { return r.rows > 1; });
  const bool brings_pitch = !has_pitch_ && gaps != regions.end();
  if (!brings_pitch && std::all_of(regions.begin(), regions.end(), [&](const Region& region) {
        return has_edges_of(rectangles(region));
      }))
    return {};
  answers_.clear();
  const Grid before = *this;
  if (brings_pitch) {
    // From one row of everything to rows of this pitch: the cuts so far fall anywhere in a row.
    has_pitch_ = true;
    pitch_ = gaps->pitch;
    x_cuts_ = {0, pitch_};
    y_cuts_ = {0, (bytes_ + pitch_ - 1) / pitch_};
    for (const std::size_t cut : before.x_cuts_) {
      x_cuts_.push_back(cut % pitch_);
      y_cuts_.push_back(cut / pitch_);
      if (cut % pitch_ != 0) y_cuts_.push_back(cut / pitch_ + 1);
    }
  }
  for (const Region& region : regions) {
    const Rectangles parts = rectangles(region);
    for (std::uint32_t i = 0; i < parts.count; ++i) {
      const auto& part = parts.all[i];
      x_cuts_.insert(x_cuts_.end(), {part.x_begin, part.x_end});
      y_cuts_.insert(y_cuts_.end(), {part.y_begin, part.y_end});
    }
  }
  for (auto* const cuts : {&x_cuts_, &y_cuts_}) {
    std::sort(cuts->begin(), cuts->end());
    cuts->erase(std::unique(cuts->begin(), cuts->end()), cuts->end());
  }

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
  // Where there is little to search, that is as quick.
  constexpr std::size_t cells_to_keep_answers = 16;
  if (cell_count() < cells_to_keep_answers) return locate(region);
  if (answers_.empty()) answers_.resize(std::bit_ceil(std::min(cell_count(), answers_max)));
  constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
  Answer& kept = answers_[region.offset * spread >> 32 & (answers_.size() - 1)];
  if (kept.region != region) kept = {region, locate(region)};
  return kept.cells;
}

Grid::Cells Grid::locate(const Region& region) const noexcept {
  const Rectangles parts = rectangles(region);
  Cells result;
  result.exact = parts.exact;
  result.count = parts.count;
  for (std::uint32_t i = 0; i < parts.count; ++i) {
    const auto& part = parts.all[i];
    const std::uint32_t x = position(x_cuts_, part.x_begin), y = position(y_cuts_, part.y_begin);
    result.boxes[i] = {x, position_behind(x_cuts_, x, part.x_end), y,
                       position_behind(y_cuts_, y, part.y_end)};
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
  if (!has_pitch_ && region.rows == 1) {
    push(region.offset, region.end(), 0, 1);
    return result;
  }
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
