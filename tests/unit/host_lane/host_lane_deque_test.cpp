#include "runtime/exec/host_lane_deque.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

std::size_t made = 0;

// Counts what is made: two for each slot of a ring.
struct CountedAtomics {
  template <class T>
  struct Atomic : std::atomic<T> {
    Atomic(T value) noexcept : std::atomic<T>{value} { ++made; }
  };
};

TEST(LaneDeque, stays_below_twice_what_was_ready_at_once_however_much_passes_through) {
  made = 0;
  LaneDeque<CountedAtomics> deque{4};
  LaneItem item;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    deque.put({nullptr, i, 0});
    deque.publish();
    if (i % 2 == 0) {
      ASSERT_EQ(deque.steal(item), Steal::got);
    } else {
      ASSERT_TRUE(deque.pop(item));
    }
    ASSERT_EQ(item.begin, i);
  }
  EXPECT_LE(made, 3U + 2 * 8);
}

}  // namespace
}  // namespace troika
