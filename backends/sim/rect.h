// Which bytes of an allocation an operation touches, and whether two of them meet.
#pragma once

#include <algorithm>
#include <cstddef>

namespace troika::sim {

// As Span2D, counted from the start of the block. `rows` is at least 1; one row has pitch 0.
struct Rect {
  std::size_t offset = 0;
  std::size_t row_bytes = 0;
  std::size_t rows = 1;
  std::size_t pitch = 0;

  std::size_t end() const noexcept { return offset + (rows - 1) * pitch + row_bytes; }
  std::size_t bytes() const noexcept { return rows * row_bytes; }
  // row(begin, end) for each row, or once where rows lie without a gap.
  template <class Row>
  void for_each_row(Row&& row) const {
    if (row_bytes == pitch) {
      row(offset, end());
      return;
    }
    for (std::size_t i = 0; i < rows; ++i) row(offset + i * pitch, offset + i * pitch + row_bytes);
  }
};

// Whether any byte of [begin, end) is in `rect`. Rows do not overlap one another.
inline bool meets(const Rect& rect, std::size_t begin, std::size_t end) noexcept {
  if (begin >= end || rect.row_bytes == 0 || end <= rect.offset || rect.end() <= begin)
    return false;
  if (rect.rows == 1) return true;
  // The first row that ends after `begin`: it, or none, holds the first common byte.
  const std::size_t past = begin < rect.offset + rect.row_bytes
                               ? 0
                               : (begin - rect.offset - rect.row_bytes) / rect.pitch + 1;
  return past < rect.rows && rect.offset + past * rect.pitch < end;
}

// Exact for any two pitches.
inline bool overlap(const Rect& a, const Rect& b) {
  const Rect& fewer = a.rows <= b.rows ? a : b;
  const Rect& more = a.rows <= b.rows ? b : a;
  bool met = false;
  fewer.for_each_row(
      [&](std::size_t begin, std::size_t end) { met = met || meets(more, begin, end); });
  return met;
}

}  // namespace troika::sim
