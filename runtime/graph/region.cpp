#include "runtime/graph/region.h"

#include <algorithm>
#include <cstdint>

namespace troika {
namespace {

using Signed = std::int64_t;

Signed floor_div(Signed a, Signed b) noexcept {
  const Signed q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

bool intervals_overlap(const Region& a, const Region& b) noexcept {
  return a.offset < b.end() && b.offset < a.end();
}

}  // namespace

Region Region::rectangle(std::size_t offset, std::size_t row_bytes, std::size_t rows,
                         std::size_t pitch) noexcept {
  if (rows <= 1) return bytes(offset, rows * row_bytes);
  if (row_bytes == pitch) return bytes(offset, rows * row_bytes);
  return {offset, row_bytes, rows, pitch};
}

bool Region::within(std::size_t bytes) const noexcept {
  if (empty()) return offset <= bytes;
  if (offset > bytes || row_bytes > bytes - offset) return false;
  const std::size_t left = bytes - offset - row_bytes;
  return rows == 1 || (pitch != 0 && rows - 1 <= left / pitch);
}

bool overlap(const Region& a, const Region& b) noexcept {
  if (a.empty() || b.empty() || !intervals_overlap(a, b)) return false;
  if (a.rows == 1 && b.rows == 1) return true;
  if (a.rows > 1 && b.rows > 1 && a.pitch != b.pitch) return true;  // conservative

  // Row i of a and row j of b overlap when k = i - j satisfies d - wa < k * pitch < d + wb.
  const auto pitch = static_cast<Signed>(a.rows > 1 ? a.pitch : b.pitch);
  const auto d = static_cast<Signed>(b.offset) - static_cast<Signed>(a.offset);
  const auto wa = static_cast<Signed>(a.row_bytes);
  const auto wb = static_cast<Signed>(b.row_bytes);
  const Signed lowest = std::max(floor_div(d - wa, pitch) + 1, 1 - static_cast<Signed>(b.rows));
  const Signed highest = std::min(floor_div(d + wb - 1, pitch), static_cast<Signed>(a.rows) - 1);
  return lowest <= highest;
}

Region widened(const Region& region, std::size_t pitch) noexcept {
  if (region.rows == 1 || region.pitch == pitch) return region;
  return Region::bytes(region.offset, region.end() - region.offset);
}

bool contains(const Region& outer, const Region& inner) noexcept {
  if (inner.empty()) return true;
  if (inner.offset < outer.offset || inner.end() > outer.end()) return false;
  if (outer.rows == 1) return true;
  if (inner.rows > 1 && inner.pitch != outer.pitch) return false;
  const std::size_t first_row = (inner.offset - outer.offset) / outer.pitch;
  const std::size_t column = (inner.offset - outer.offset) % outer.pitch;
  return column + inner.row_bytes <= outer.row_bytes && first_row + inner.rows <= outer.rows;
}

}  // namespace troika
