#include "runtime/sched/affinity_pull.h"

#include <gtest/gtest.h>

#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;
using test::World;
constexpr LaneId slow{0}, fast{1};

// Both devices' time is worth as much for kernel 0, which the second does ten times as fast, while
// kernel 1 belongs to the first and kernel 2 to the second.
World priced_world(Nanos end) {
  World world{{{10 * ms, ms}, {2 * ms, ms}, {40 * ms, ms}}, {1, 1}};
  Outlook outlook;
  outlook.prices = outlook.tilted = {1.0 / 11, 10.0 / 11};
  outlook.end_nanos = static_cast<double>(end.count());
  outlook.style.feeds = false;
  world.outlook_ = outlook;
  return world;
}

TEST(AffinityPull, the_guard_keeps_a_task_from_where_it_would_end_too_late) {
  World world = priced_world(50 * ms);
  AffinityPull policy;
  // With the path behind it it is over at 10 + 42 ms there.
  world.add(world.task(0, 0, Priority::normal, 43 * ms), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
  world.add(world.task(1, 0, Priority::normal, 41 * ms), policy);
  EXPECT_EQ(world.take(slow, policy)->key.task, 1U) << "the first that is in time";
}

TEST(AffinityPull, a_deadline_of_the_task_is_what_the_guard_goes_by) {
  World world = priced_world(50 * ms);
  AffinityPull policy;
  ReadyTask task = world.task(0, 0, Priority::normal, ms);
  task.deadline = 9 * ms;
  world.add(task, policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, a_late_graph_is_to_be_over_when_what_is_left_is_done) {
  World world = priced_world(5 * ms);
  AffinityPull policy;
  world.add(world.task(0, 0, Priority::normal, 20 * ms), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
  world.area_left_ = 30e6;
  EXPECT_TRUE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, a_lane_takes_first_what_its_time_is_worth_least_for) {
  World world = priced_world(500 * ms);
  AffinityPull policy;
  world.add(world.task(0, 0, Priority::normal, 90 * ms), policy);
  world.add(world.task(1, 1, Priority::normal, 10 * ms), policy);
  EXPECT_EQ(world.take(slow, policy)->key.task, 1U);
}

TEST(AffinityPull, what_only_the_fast_device_can_do_in_time_goes_before_a_longer_path) {
  World world = priced_world(100 * ms);
  AffinityPull policy;
  // Kernel 1 belongs to the slow device, which can still do it in time; kernel 2 does not.
  world.add(world.task(0, 1, Priority::normal, 60 * ms), policy);
  world.add(world.task(1, 2, Priority::normal, 50 * ms), policy);
  EXPECT_EQ(world.take(fast, policy)->key.task, 1U);
  world.outlook_->style.urgent_first = false;
  world.add(world.task(2, 2, Priority::normal, 50 * ms), policy);
  EXPECT_EQ(world.take(fast, policy)->key.task, 0U);
}

TEST(AffinityPull, a_lane_stays_idle_rather_than_take_what_belongs_elsewhere) {
  World world = priced_world(500 * ms);
  AffinityPull policy;
  world.add(world.task(0, 2, Priority::normal, 5 * ms), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, a_slow_lane_helps_with_the_last_task_that_the_fast_one_would_not_get_to_sooner) {
  World world = priced_world(500 * ms);
  AffinityPull policy;
  for (std::uint32_t i = 0; i < 60; ++i)
    world.add(world.task(i, 2, Priority::normal, (100 - static_cast<int>(i)) * ms), policy);
  EXPECT_EQ(world.take(slow, policy)->key.task, 59U);
  world.outlook_->style.helps = false;
  EXPECT_FALSE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, a_slow_lane_takes_nothing_that_leaves_the_fast_one_without_work) {
  World world = priced_world(500 * ms);
  world.outlook_->style.feeds = true;
  world.outlook_->style.helps = false;
  AffinityPull policy;
  for (std::uint32_t i = 0; i < 9; ++i) world.add(world.task(i, 0), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
  world.add(world.task(9, 0), policy);
  EXPECT_TRUE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, binds_ahead_only_for_a_short_queue_or_to_bring_inputs) {
  World world = priced_world(500 * ms);
  AffinityPull policy;
  for (std::uint32_t i = 0; i < 9; ++i) world.add(world.task(i, 2), policy);
  LaneView& lane = world.lane(fast.value);
  lane.queued = 1;
  lane.free_at = 3 * ms;
  EXPECT_FALSE(world.take(fast, policy).has_value());
  lane.horizon = 4 * ms;
  EXPECT_TRUE(world.take(fast, policy).has_value());
  lane.horizon = ms;
  lane.brings_inputs = true;
  EXPECT_TRUE(world.take(fast, policy).has_value());
  lane.queued = 3;
  EXPECT_FALSE(world.take(fast, policy).has_value());
}

TEST(AffinityPull, follows_a_lane_that_is_slower_than_predicted) {
  World world = priced_world(30 * ms);
  AffinityPull policy;
  world.add(world.task(0, 0, Priority::normal, 16 * ms), policy);
  const ReadyTask task = *world.take(slow, policy);
  for (int i = 0; i < 12; ++i) policy.on_done(task, slow, 20 * ms);
  // In time at 10 ms, not at 20.
  world.add(world.task(1, 0, Priority::normal, 16 * ms), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, one_time_that_was_measured_wrong_makes_no_lane_slow) {
  World world = priced_world(30 * ms);
  AffinityPull policy;
  world.add(world.task(0, 0, Priority::normal, 16 * ms), policy);
  const ReadyTask task = *world.take(slow, policy);
  policy.on_done(task, slow, 1000 * ms);
  world.add(world.task(1, 0, Priority::normal, 16 * ms), policy);
  EXPECT_TRUE(world.take(slow, policy).has_value());
}

TEST(AffinityPull, higher_classes_go_first) {
  World world{{{ms}, {ms}}, {1}};
  AffinityPull policy;
  world.add(world.task(0, 0, Priority::low, 99 * ms), policy);
  world.add(world.task(1, 1, Priority::normal, 50 * ms), policy);
  world.add(world.task(2, 0, Priority::high, ms), policy);
  for (const std::uint32_t expected : {2U, 1U, 0U})
    EXPECT_EQ(world.take(LaneId{0}, policy)->key.task, expected);
}

}  // namespace
}  // namespace troika
