#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::World;

std::unique_ptr<Policy> policy_called(std::string_view name, std::uint64_t seed = 0) {
  auto policy = make_policy(name, seed);
  EXPECT_TRUE(policy.ok()) << policy.status().to_string();
  return *std::move(policy);
}

struct EveryPolicy : testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(policies, EveryPolicy, testing::ValuesIn(policy_names()),
                         [](const auto& test) { return std::string{test.param}; });

TEST_P(EveryPolicy, completes_every_random_graph) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const auto policy = policy_called(GetParam(), seed);
    EXPECT_EQ(test::drive_random_graph(*policy, seed, 60).size(), 60U);
    if (HasFailure()) return;
  }
}

TEST_P(EveryPolicy, gives_the_same_answers_to_the_same_calls) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto once = policy_called(GetParam(), seed), again = policy_called(GetParam(), seed);
    EXPECT_EQ(test::drive_random_graph(*once, seed, 60),
              test::drive_random_graph(*again, seed, 60));
  }
}

TEST_P(EveryPolicy, carries_the_name_it_was_asked_for) {
  EXPECT_EQ(policy_called(GetParam())->name(), GetParam());
}

TEST_P(EveryPolicy, gives_nothing_to_a_closed_lane) {
  World world{{{test::ms}}, {2}};
  const auto policy = policy_called(GetParam());
  for (std::uint32_t i = 0; i < 4; ++i) world.add(world.task(i, 0), *policy);
  world.lane(1).open = false;
  EXPECT_FALSE(policy->next(LaneId{1}, world).has_value());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(world.take(LaneId{0}, *policy).has_value());
}

TEST_P(EveryPolicy, offers_a_withdrawn_task_no_more) {
  World world{{{test::ms}}, {1}};
  const auto policy = policy_called(GetParam());
  const ReadyTask kept = world.task(0, 0), withdrawn = world.task(1, 0);
  world.add(withdrawn, *policy);
  world.add(kept, *policy);
  world.remove(withdrawn);
  policy->on_withdrawn(withdrawn);
  EXPECT_EQ(world.take(LaneId{0}, *policy)->key, kept.key);
  EXPECT_FALSE(world.take(LaneId{0}, *policy).has_value());
}

TEST_P(EveryPolicy, offers_a_task_again_that_was_put_back) {
  World world{{{test::ms}}, {1}};
  const auto policy = policy_called(GetParam());
  world.add(world.task(0, 0), *policy);
  const auto first = world.take(LaneId{0}, *policy);
  world.add(*first, *policy);
  EXPECT_EQ(world.take(LaneId{0}, *policy)->key, first->key);
}

TEST(Policies, an_unknown_name_is_answered_with_the_known_ones) {
  EXPECT_EQ(make_policy("heft2").status().to_string(),
            "not_found: no policy is called 'heft2'; there are load_aware, "
            "affinity_pull, round_robin, least_loaded, least_connections, fastest_first, "
            "earliest_finish, random, eager");
}

// Adds `count` tasks and returns how many of them each lane's queue holds, found by emptying it.
std::vector<std::size_t> pushed(World& world, Policy& policy, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) world.add(world.task(i, 0), policy);
  std::vector<std::size_t> result;
  for (const LaneView& lane : world.lanes()) {
    result.push_back(0);
    while (world.take(lane.id, policy)) result.back() += 1;
  }
  return result;
}

using Counts = std::vector<std::size_t>;

TEST(Policies, round_robin_takes_able_lanes_in_turn) {
  World world{{{test::ms, std::nullopt, 9 * test::ms}}, {1, 1, 1}};
  EXPECT_EQ(pushed(world, *policy_called("round_robin"), 6), (Counts{3, 0, 3}));
}

TEST(Policies, least_connections_counts_tasks_placed_and_waiting) {
  World world{{{test::ms, 9 * test::ms}}, {1, 1}};
  world.lane(0).queued = 2;
  EXPECT_EQ(pushed(world, *policy_called("least_connections"), 6), (Counts{2, 4}));
}

TEST(Policies, least_loaded_evens_out_predicted_work) {
  World world{{{test::ms, 3 * test::ms}}, {1, 1}};
  EXPECT_EQ(pushed(world, *policy_called("least_loaded"), 8), (Counts{6, 2}));
}

TEST(Policies, fastest_first_never_uses_the_slower_device) {
  World world{{{2 * test::ms, test::ms}}, {1, 2}};
  EXPECT_EQ(pushed(world, *policy_called("fastest_first"), 6), (Counts{0, 3, 3}));
}

TEST(Policies, earliest_finish_uses_the_slower_device_when_the_faster_is_busy_for_longer) {
  World world{{{4 * test::ms, test::ms}}, {1, 1}};
  EXPECT_EQ(pushed(world, *policy_called("earliest_finish"), 3), (Counts{0, 3}));
  World busy{{{4 * test::ms, test::ms}}, {1, 1}};
  busy.lane(1).free_at = 10 * test::ms;
  EXPECT_EQ(pushed(busy, *policy_called("earliest_finish"), 3), (Counts{2, 1}));
}

TEST(Policies, random_uses_every_able_lane) {
  World world{{{test::ms, test::ms}}, {2, 1}};
  for (const std::size_t count : pushed(world, *policy_called("random", 1), 300)) {
    EXPECT_GT(count, 70U);
    EXPECT_LT(count, 130U);
  }
}

TEST(Policies, eager_gives_any_lane_the_best_ordered_task_it_can_run) {
  World world{{{test::ms, 50 * test::ms}, {test::ms, std::nullopt}}, {1, 1}};
  const auto policy = policy_called("eager");
  world.add(world.task(0, 0, Priority::low), *policy);
  world.add(world.task(1, 0), *policy);
  world.add(world.task(2, 1, Priority::high), *policy);
  EXPECT_EQ(world.take(LaneId{1}, *policy)->key.task, 1U);
  EXPECT_EQ(world.take(LaneId{0}, *policy)->key.task, 2U);
}

TEST(Policies, tasks_pushed_to_a_lane_that_closes_are_given_to_others) {
  World world{{{test::ms, 100 * test::ms}}, {1, 1}};
  const auto policy = policy_called("fastest_first");
  for (std::uint32_t i = 0; i < 5; ++i) world.add(world.task(i, 0), *policy);
  EXPECT_FALSE(world.take(LaneId{1}, *policy).has_value());
  world.lane(0).open = false;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(world.take(LaneId{1}, *policy).has_value());
}

TEST(Policies, a_task_that_no_lane_could_take_goes_to_the_first_that_can) {
  World world{{{test::ms, test::ms}}, {1, 1}};
  const auto policy = policy_called("round_robin");
  world.lane(0).open = world.lane(1).open = false;
  world.add(world.task(0, 0), *policy);
  EXPECT_FALSE(world.take(LaneId{1}, *policy).has_value());
  world.lane(1).open = true;
  EXPECT_TRUE(world.take(LaneId{1}, *policy).has_value());
}

}  // namespace
}  // namespace troika
