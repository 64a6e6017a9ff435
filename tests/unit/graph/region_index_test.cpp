#include "runtime/graph/region_index.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr std::size_t bytes = 1 << 14;

Region random_region(std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  switch (below(8)) {
    case 0: return Region::bytes(0, bytes);
    case 1: return Region::bytes(below(bytes / 2), 1 + below(bytes / 2));
    case 2:
    case 3: {
      const std::size_t pitch = 128, rows = 1 + below(16);
      return Region::rectangle(below(pitch) + pitch * below(64), 1 + below(pitch), rows, pitch);
    }
    default: return Region::bytes(below(bytes - 64), 1 + below(64));
  }
}

TEST(RegionIndex, meets_each_region_that_overlaps_once_and_none_that_was_dropped) {
  std::mt19937_64 random{11};
  for (int round = 0; round < 20; ++round) {
    RegionIndex<int> index;
    std::map<int, Region> kept;
    for (int next = 0; next < 600; ++next) {
      const Region region = random_region(random);
      const std::uint64_t drops = random() % 3;
      std::set<int> met;
      index.filter(region, [&](const RegionIndex<int>::Entry& entry) {
        EXPECT_TRUE(met.insert(entry.value).second) << entry.value << " twice";
        EXPECT_EQ(kept.at(entry.value), entry.region);
        const bool drop = drops == 0 && contains(region, entry.region);
        if (drop) kept.erase(entry.value);
        return !drop;
      });
      for (const auto& [value, other] : kept)
        ASSERT_TRUE(met.contains(value) || !overlap(region, other)) << value << " of " << next;
      index.insert(region, next);
      kept[next] = region;
    }
  }
}

TEST(RegionIndex, meets_few_of_many_that_lie_apart) {
  constexpr std::size_t count = 20'000, length = 256;
  RegionIndex<std::size_t> index;
  std::size_t met = 0;
  for (std::size_t round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < count; ++i) {
      // As blocks of one buffer are written, over and over.
      const Region region = Region::bytes(i * length, length);
      index.filter(region, [&](const RegionIndex<std::size_t>::Entry& entry) {
        met += 1;
        return !contains(region, entry.region);
      });
      index.insert(region, i);
    }
  EXPECT_LT(met, 10 * count);
}

}  // namespace
}  // namespace troika
