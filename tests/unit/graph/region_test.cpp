#include "runtime/graph/region.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace troika {
namespace {

std::set<std::size_t> bytes_of(const Region& region) {
  std::set<std::size_t> bytes;
  for (std::size_t row = 0; row < region.rows; ++row)
    for (std::size_t i = 0; i < region.row_bytes; ++i)
      bytes.insert(region.offset + row * region.pitch + i);
  return bytes;
}

Region draw(std::mt19937& random, std::size_t pitch) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  if (below(3) == 0) return Region::bytes(below(40), 1 + below(20));
  return Region::rectangle(below(40), 1 + below(pitch), 1 + below(5), pitch);
}

TEST(Region, overlap_of_equal_pitch_is_exact) {
  std::mt19937 random{1};
  for (int trial = 0; trial < 20'000; ++trial) {
    const std::size_t pitch = 3 + random() % 9;
    const Region a = draw(random, pitch), b = draw(random, pitch);
    const auto in_a = bytes_of(a), in_b = bytes_of(b);
    bool shared = false;
    for (const std::size_t byte : in_a) shared |= in_b.contains(byte);
    ASSERT_EQ(overlap(a, b), shared) << trial;
    ASSERT_EQ(overlap(b, a), shared) << trial;
  }
}

TEST(Region, overlap_of_other_pitches_never_misses_a_shared_byte) {
  std::mt19937 random{2};
  for (int trial = 0; trial < 20'000; ++trial) {
    const Region a = draw(random, 3 + random() % 9), b = draw(random, 3 + random() % 9);
    const auto in_a = bytes_of(a), in_b = bytes_of(b);
    bool shared = false;
    for (const std::size_t byte : in_a) shared |= in_b.contains(byte);
    if (shared) {
      ASSERT_TRUE(overlap(a, b)) << trial;
    }
  }
}

TEST(Region, contains_only_claims_what_is_true_and_finds_equal_pitch_cases) {
  std::mt19937 random{3};
  int found = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    const std::size_t pitch = 3 + random() % 9;
    const Region a = draw(random, pitch), b = draw(random, random() % 2 ? pitch : 3 + random() % 9);
    if (!contains(a, b)) continue;
    ++found;
    const auto in_a = bytes_of(a);
    for (const std::size_t byte : bytes_of(b)) ASSERT_TRUE(in_a.contains(byte)) << trial;
  }
  EXPECT_GT(found, 100);
  const Region outer = Region::rectangle(10, 6, 4, 8);
  EXPECT_TRUE(contains(outer, Region::rectangle(11, 4, 3, 8)));
  EXPECT_TRUE(contains(outer, Region::bytes(18, 6)));
  EXPECT_FALSE(contains(outer, Region::bytes(18, 7)));
  EXPECT_FALSE(contains(outer, Region::rectangle(11, 4, 5, 8)));
}

}  // namespace
}  // namespace troika
