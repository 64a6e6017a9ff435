#include "runtime/exec/lane_choice.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

using Way = LaneChoice::Way;

// Plays so many runs, each of which takes what its way takes, and counts those on the lane.
int lanes_of(LaneChoice& choice, int runs, Nanos by_tasks, Nanos on_lane, bool plausible = true) {
  int lanes = 0;
  for (int run = 0; run < runs; ++run) {
    const Way way = choice.next_run([&] { return plausible; });
    choice.observe(way, way == Way::lane ? on_lane : by_tasks);
    lanes += way == Way::lane ? 1 : 0;
  }
  return lanes;
}

TEST(LaneChoice, takes_the_way_that_was_shorter_after_one_trial) {
  LaneChoice lane, tasks;
  EXPECT_EQ(lanes_of(lane, 1, Nanos{200}, Nanos{100}), 0);
  EXPECT_EQ(lanes_of(lane, 7, Nanos{200}, Nanos{100}), 7);
  EXPECT_EQ(lanes_of(tasks, 1 + 7, Nanos{100}, Nanos{200}), 1);
}

TEST(LaneChoice, follows_a_machine_that_changes) {
  LaneChoice choice;
  lanes_of(choice, 30, Nanos{200}, Nanos{100});
  EXPECT_GT(lanes_of(choice, 400, Nanos{200}, Nanos{300}), 0);
  EXPECT_LT(lanes_of(choice, 100, Nanos{200}, Nanos{300}), 3);
}

TEST(LaneChoice, one_lucky_run_is_not_what_the_next_is_expected_to_take) {
  LaneChoice choice;
  EXPECT_EQ(choice.took(Way::lane), std::nullopt);
  for (const int took : {200, 200, 200, 100}) choice.observe(Way::lane, Nanos{took});
  EXPECT_GE(choice.took(Way::lane), Nanos{160});
  EXPECT_EQ(choice.took(Way::tasks), std::nullopt);
}

TEST(LaneChoice, tries_nothing_that_the_forecast_rules_out) {
  LaneChoice choice;
  EXPECT_EQ(lanes_of(choice, 100, Nanos{200}, Nanos{100}, false), 0);
}

TEST(LaneChoice, is_the_same_when_only_asked_about) {
  LaneChoice choice;
  for (int run = 0; run < 200; ++run) {
    const Way told = choice.peek([] { return true; });
    EXPECT_EQ(choice.peek([] { return true; }), told);
    EXPECT_EQ(choice.next_run([] { return true; }), told);
    choice.observe(told, told == Way::lane ? Nanos{100} : Nanos{200});
  }
}

}  // namespace
}  // namespace troika
