#include "backends/sim/rect.h"

#include <vector>

#include <gtest/gtest.h>

#include "backends/sim/range_map.h"
#include "backends/sim/rng.h"

namespace troika::sim {
namespace {

constexpr std::size_t size = 96;

std::vector<bool> bytes_of(const Rect& rect) {
  std::vector<bool> in(size, false);
  for (std::size_t row = 0; row < rect.rows; ++row)
    for (std::size_t i = 0; i < rect.row_bytes; ++i) in[rect.offset + row * rect.pitch + i] = true;
  return in;
}

Rect drawn(Rng& rng) {
  while (true) {
    Rect rect{rng.index(size), rng.index(12), 1 + rng.index(6), 0};
    if (rect.rows > 1) rect.pitch = rect.row_bytes + 1 + rng.index(12);
    if (rect.end() <= size) return rect;
  }
}

TEST(Rect, overlaps_exactly_when_a_byte_is_in_both) {
  Rng rng{1};
  int meetings = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Rect a = drawn(rng), b = drawn(rng);
    const auto in_a = bytes_of(a), in_b = bytes_of(b);
    bool common = false;
    for (std::size_t byte = 0; byte < size; ++byte) common = common || (in_a[byte] && in_b[byte]);
    ASSERT_EQ(overlap(a, b), common)
        << a.offset << ' ' << a.row_bytes << ' ' << a.rows << ' ' << a.pitch << " and " << b.offset
        << ' ' << b.row_bytes << ' ' << b.rows << ' ' << b.pitch;
    meetings += common;
  }
  EXPECT_GT(meetings, 1'000);
}

TEST(RangeMap, says_of_each_byte_what_was_said_last) {
  Rng rng{2};
  RangeMap<int> map{size, 0};
  std::vector<int> model(size, 0);
  for (int i = 0; i < 2'000; ++i) {
    const std::size_t begin = rng.index(size), end = begin + rng.index(size - begin + 1);
    const int value = static_cast<int>(rng.below(4));
    map.change(begin, end, [&](int& v) { v = value; });
    for (std::size_t byte = begin; byte < end; ++byte) model[byte] = value;
    std::vector<int> seen(size, -1);
    std::size_t runs = 0;
    map.visit(0, size, [&](std::size_t from, std::size_t to, int v) {
      ++runs;
      for (std::size_t byte = from; byte < to; ++byte) seen[byte] = v;
    });
    ASSERT_EQ(seen, model);
    std::size_t runs_needed = 1;
    for (std::size_t byte = 1; byte < size; ++byte) runs_needed += model[byte] != model[byte - 1];
    ASSERT_EQ(runs, runs_needed) << "equal neighbours are one run";
  }
}

}  // namespace
}  // namespace troika::sim
