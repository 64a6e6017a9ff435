#include "runtime/sched/load_aware.h"

#include <map>

#include <gtest/gtest.h>

#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;
using test::World;
constexpr LaneId slow{0}, fast{1};

// Marks the task as placed on the lane, as the executor would.
void place(World& world, const ReadyTask& task, LaneId lane) {
  LaneView& view = world.lane(lane.value);
  view.free_at = std::max(world.now(), view.free_at) + world.time(task, lane);
  view.queued += 1;
}

TEST(LoadAware, explores_each_able_kernel_and_device_more_than_once_only_where_it_could_matter) {
  // Device 1 is far slower at kernel 0, a little at kernel 1, and not able to run kernel 2.
  World world{{{ms, 50 * ms}, {ms, 3 * ms}, {ms, std::nullopt}}, {2, 1}};
  for (auto& of_kernel : world.samples_) of_kernel.assign(2, 0);
  LoadAware policy;
  for (std::uint32_t i = 0; i < 30; ++i) world.add(world.task(i, i % 3), policy);

  // By (kernel, device): explorations started. One at a time a lane; each ends with a sample.
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> explored;
  for (int round = 0; round < 12; ++round) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> under_way;
    for (const LaneView& lane : world.lanes()) {
      const auto task = world.take(lane.id, policy);
      if (!task) continue;
      const std::pair pair{task->cost.kernel.value, lane.device.value};
      if (world.samples_[pair.first][pair.second] >= explore_samples ||
          world.exploring_.contains(pair))
        continue;
      explored[pair] += 1;
      world.exploring_.insert(pair);
      under_way.push_back(pair);
    }
    for (const auto& pair : under_way) world.samples_[pair.first][pair.second] += 1;
    world.exploring_.clear();
  }
  const int often = explore_samples;
  const std::map<std::pair<std::uint32_t, std::uint32_t>, int> expected{
      {{0, 0}, often}, {{0, 1}, 1}, {{1, 0}, often}, {{1, 1}, often}, {{2, 0}, often}};
  EXPECT_EQ(explored, expected);
}

TEST(LoadAware, does_not_explore_what_is_being_explored) {
  World world{{{50 * ms, ms}}, {2, 1}};
  world.samples_[0] = {0, explore_samples};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 3; ++i) world.add(world.task(i, 0), policy);
  EXPECT_TRUE(world.take(LaneId{0}, policy).has_value());
  world.exploring_.insert({0, 0});
  EXPECT_FALSE(world.take(LaneId{1}, policy).has_value());
}

TEST(LoadAware, explores_with_the_least_urgent_task) {
  World world{{{ms}}, {1}};
  world.samples_[0] = {0};
  LoadAware policy;
  world.add(world.task(0, 0, Priority::normal, 9 * ms), policy);
  world.add(world.task(1, 0, Priority::normal, 5 * ms), policy);
  EXPECT_EQ(world.take(LaneId{0}, policy)->key.task, 1U);
}

TEST(LoadAware, leaves_a_slow_lane_idle_when_the_fast_one_finishes_sooner) {
  World world{{{10 * ms, ms}}, {1, 1}};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 5; ++i) world.add(world.task(i, 0), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
  EXPECT_TRUE(world.take(fast, policy).has_value());
}

TEST(LoadAware, lets_a_slow_lane_help_with_the_last_task_when_the_fast_one_has_enough_to_do) {
  World world{{{10 * ms, ms}}, {1, 1}};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 20; ++i)
    world.add(world.task(i, 0, Priority::normal, (100 - static_cast<int>(i)) * ms), policy);
  EXPECT_EQ(world.take(slow, policy)->key.task, 19U);
  EXPECT_EQ(world.take(fast, policy)->key.task, 0U);
}

TEST(LoadAware, lets_a_slow_lane_take_the_first_task_when_the_fast_one_is_busy_for_longer) {
  World world{{{10 * ms, ms}}, {1, 1}};
  LoadAware policy;
  world.add(world.task(0, 0), policy);
  world.lane(1).free_at = 9 * ms - Nanos{1};
  EXPECT_FALSE(world.take(slow, policy).has_value());
  world.lane(1).free_at = 9 * ms;
  world.add(world.task(1, 0), policy);
  EXPECT_EQ(world.take(slow, policy)->key.task, 0U);
}

TEST(LoadAware, a_lane_takes_the_kernel_it_is_relatively_best_at) {
  // The first device is slower at both, at kernel 1 least so.
  World world{{{20 * ms, ms}, {4 * ms, 2 * ms}}, {1, 1}};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 40; ++i) world.add(world.task(i, i % 2), policy);
  EXPECT_EQ(world.take(slow, policy)->cost.kernel, KernelId{1});
}

TEST(LoadAware, higher_classes_go_first) {
  World world{{{ms}, {ms}}, {1}};
  LoadAware policy;
  world.add(world.task(0, 0, Priority::low, 99 * ms), policy);
  world.add(world.task(1, 1, Priority::normal, 50 * ms), policy);
  world.add(world.task(2, 0, Priority::high, ms), policy);
  for (const std::uint32_t expected : {2U, 1U, 0U})
    EXPECT_EQ(world.take(LaneId{0}, policy)->key.task, expected);
}

TEST(LoadAware, within_a_class_the_longest_path_goes_first_across_kernels) {
  World world{{{ms}, {ms}}, {1}};
  LoadAware policy;
  world.add(world.task(0, 0, Priority::normal, 3 * ms), policy);
  world.add(world.task(1, 1, Priority::normal, 9 * ms), policy);
  world.add(world.task(2, 0, Priority::normal, 5 * ms), policy);
  for (const std::uint32_t expected : {1U, 2U, 0U})
    EXPECT_EQ(world.take(LaneId{0}, policy)->key.task, expected);
}

TEST(LoadAware, work_of_a_lower_class_does_not_make_a_fast_lane_look_busy) {
  World world{{{10 * ms, ms}, {100 * ms, ms}}, {1, 1}};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 40; ++i) world.add(world.task(i, 1, Priority::low), policy);
  const ReadyTask urgent = world.task(100, 0, Priority::high);
  world.add(urgent, policy);
  const auto taken = world.take(slow, policy);
  EXPECT_TRUE(!taken || taken->key != urgent.key);
  EXPECT_EQ(world.take(fast, policy)->key, urgent.key);
}

TEST(LoadAware, an_old_task_is_taken_before_higher_classes_within_the_ageing_bound) {
  World world{{{ms}}, {1}};
  LoadAware policy;
  world.add(world.task(0, 0, Priority::low), policy);
  std::uint32_t added = 1;
  while (added <= Ageing::bound + Ageing::period) {
    world.add(world.task(added++, 0, Priority::high), policy);
    if (world.take(LaneId{0}, policy)->key.task == 0) break;
    world.add(world.task(added++, 0, Priority::high), policy);
  }
  for (std::uint64_t i = 0; i <= Ageing::period; ++i)
    if (world.take(LaneId{0}, policy)->key.task == 0) return;
  FAIL() << "the low task starves";
}

TEST(LoadAware, a_task_bound_to_a_lane_goes_there_however_slow_it_is) {
  World world{{{10 * ms, ms}}, {1, 1}};
  LoadAware policy;
  ReadyTask task = world.task(0, 0);
  task.bound = slow;
  world.add(task, policy);
  EXPECT_FALSE(world.take(fast, policy).has_value());
  EXPECT_TRUE(world.take(slow, policy).has_value());
}

TEST(LoadAware, equal_devices_share_what_is_at_home_on_both) {
  World world{{{ms, ms + ms / 10}}, {1, 1}};
  LoadAware policy;
  std::size_t taken[2]{};
  for (std::uint32_t i = 0; i < 20; ++i) world.add(world.task(i, 0), policy);
  for (int round = 0; round < 10; ++round)
    for (const LaneId lane : {LaneId{0}, LaneId{1}})
      if (const auto task = world.take(lane, policy)) {
        place(world, *task, lane);
        taken[lane.value] += 1;
      }
  EXPECT_GE(taken[0], 9U);
  EXPECT_GE(taken[1], 8U);
}

TEST(LoadAware, near_equal_devices_count_together_when_a_slow_lane_asks_whether_it_is_needed) {
  World world{{{20 * ms, ms, ms + ms / 20}}, {1, 1, 1}};
  LoadAware policy;
  // Both are through these in about 13 ms; the faster alone would need 25.
  for (std::uint32_t i = 0; i < 25; ++i) world.add(world.task(i, 0), policy);
  EXPECT_FALSE(world.take(slow, policy).has_value());
}

TEST(LoadAware, a_backlog_on_shared_cores_makes_a_lane_less_attractive) {
  World world{{{2 * ms, ms}}, {1, 2}};
  const LaneId sharing[] = {LaneId{2}};
  LoadAware policy;
  world.add(world.task(0, 0), policy);
  world.lane(1).free_at = world.lane(2).free_at = ms;
  world.lane(0).shares_cores_with = sharing;
  world.lane(2).free_at = 100 * ms;
  // Alone the first lane would end at 2 ms, as lane 1 does; slowed down it ends later.
  EXPECT_FALSE(world.take(LaneId{0}, policy).has_value());
  world.lane(0).shares_cores_with = {};
  EXPECT_TRUE(world.take(LaneId{0}, policy).has_value());
}

TEST(LoadAware, a_lane_helps_out_on_shared_cores_only_while_the_better_lane_there_is_idle) {
  World world{{{2 * ms, ms}}, {1, 1}};
  const LaneId sharing[] = {fast};
  LoadAware policy;
  for (std::uint32_t i = 0; i < 100; ++i) world.add(world.task(i, 0), policy);
  world.lane(1).queued = 1;
  EXPECT_TRUE(world.take(slow, policy).has_value()) << "on cores of its own it helps";
  world.lane(0).shares_cores_with = sharing;
  EXPECT_FALSE(world.take(slow, policy).has_value()) << "it would only slow the other one down";
  world.lane(1).queued = 0;
  EXPECT_TRUE(world.take(slow, policy).has_value());
}

TEST(LoadAware, a_device_that_takes_others_cores_is_left_alone_unless_it_is_clearly_better) {
  const LaneId wide{0}, narrow{1}, on_wide[] = {narrow}, on_narrow[] = {wide};
  const auto shared = [&](Nanos time_of_wide) {
    World world{{{time_of_wide, 10 * ms}}, {1, 1}};
    world.lane(0).shares_cores_with = on_wide;
    world.lane(0).cores_taken = 2;
    world.lane(1).shares_cores_with = on_narrow;
    world.lane(1).queued = 1;
    return world;
  };
  LoadAware policy;
  World near = shared(9 * ms);
  near.add(near.task(0, 0), policy);
  EXPECT_FALSE(near.take(wide, policy).has_value());
  World better = shared(7 * ms);
  better.add(better.task(0, 0), policy);
  EXPECT_TRUE(better.take(wide, policy).has_value());
}

}  // namespace
}  // namespace troika
