#include "runtime/base/cycle_clock.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

TEST(CycleClock, counts_on_from_a_mark_at_the_rate_between_two) {
  const CycleMark begin{Nanos{5'000'000}, 1'000}, end{Nanos{25'000'000}, 50'001'000};
  const double length = nanos_per_cycle(begin, end);
  EXPECT_DOUBLE_EQ(length, 0.4);
  EXPECT_EQ(time_at(end, length, end.cycles + 10), end.time + Nanos{4});
  EXPECT_EQ(time_at(end, length, end.cycles - 10), end.time - Nanos{4}) << "another core's";
}

TEST(CycleClock, knows_no_rate_of_marks_that_lie_close_together) {
  const CycleMark begin{Nanos{0}, 1'000};
  EXPECT_EQ(nanos_per_cycle(begin, {Nanos{9'000'000}, 20'000'000}), 0);
  EXPECT_EQ(nanos_per_cycle(begin, {Nanos{20'000'000}, 500}), 0) << "it went backwards";
}

}  // namespace
}  // namespace troika
