#include "runtime/device/clock_offset.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

TEST(ClockOffset, operations_of_a_queue_follow_one_another_when_a_better_bound_comes) {
  ClockOffset clock;
  clock.observe(Nanos{1'000'500}, Nanos{1'000});
  const ClockOffset::Interval first = clock.next(Nanos{500}, Nanos{1'000});
  clock.observe(Nanos{1'002'000}, Nanos{2'900});  // seen 400 ns sooner
  const ClockOffset::Interval second = clock.next(Nanos{1'100}, Nanos{2'900});
  EXPECT_EQ(first.end, Nanos{1'000'500});
  EXPECT_EQ(second.begin, first.end) << "and not 1'000'200";
  EXPECT_EQ(second.end, Nanos{1'002'000});
  const ClockOffset::Interval third = clock.next(Nanos{1'000}, Nanos{1'050});
  EXPECT_LE(third.begin, third.end);
  EXPECT_GE(third.begin, second.end);
}

TEST(ClockOffset, keeps_the_least_bound_and_follows_drift) {
  ClockOffset clock;
  EXPECT_FALSE(clock.known());
  clock.observe(Nanos{1'000'000}, Nanos{400'000});  // seen late
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'100'000});
  clock.observe(Nanos{1'010'000}, Nanos{500'000});  // seen sooner
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'010'000});
  clock.observe(Nanos{1'020'000}, Nanos{500'100});  // seen late: no reason to move
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'010'005});
  // After a second of silence the clocks may be half a millisecond apart, and are 100 µs.
  clock.observe(Nanos{1'001'020'000}, Nanos{500'410'000});
  EXPECT_EQ(clock.to_host(Nanos{500'410'000}), Nanos{500'410'000 + 510'005 + 500'000 - 0});
}

}  // namespace
}  // namespace troika
