// A rectangle of bytes within a buffer, and how two of them lie to one another.
#pragma once

#include <cstddef>

namespace troika {

// `rows` rows of `row_bytes` bytes, the first at `offset`, `pitch` bytes from one row to the next.
// Normal form: a region without gaps has one row, and a region of one row has pitch = row_bytes.
struct Region {
  std::size_t offset = 0;
  std::size_t row_bytes = 0;
  std::size_t rows = 1;
  std::size_t pitch = 0;

  static Region bytes(std::size_t offset, std::size_t count) noexcept {
    return {offset, count, 1, count};
  }
  // In normal form. pitch >= row_bytes unless rows is 1.
  static Region rectangle(std::size_t offset, std::size_t row_bytes, std::size_t rows,
                          std::size_t pitch) noexcept;

  std::size_t size() const noexcept { return row_bytes * rows; }
  std::size_t end() const noexcept { return offset + (rows - 1) * pitch + row_bytes; }
  // Whether all of it lies below `bytes`, whatever numbers it is made of.
  bool within(std::size_t bytes) const noexcept;
  bool empty() const noexcept { return row_bytes == 0 || rows == 0; }
  friend bool operator==(const Region&, const Region&) = default;
};

// Exact when both have the same pitch or one has a single row; else true when the byte intervals
// from first to last byte overlap.
bool overlap(const Region& a, const Region& b) noexcept;

// The region itself when it has no gaps or this pitch, else all from its first to its last byte.
Region widened(const Region& region, std::size_t pitch) noexcept;

// True only when every byte of `inner` is surely one of `outer`.
bool contains(const Region& outer, const Region& inner) noexcept;

}  // namespace troika
