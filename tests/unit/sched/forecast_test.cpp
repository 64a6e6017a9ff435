#include "runtime/sched/forecast.h"

#include <gtest/gtest.h>

#include "runtime/sched/ranks.h"
#include "tests/unit/sched/test_graph.h"
#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;
using test::TestGraph;

std::vector<ForecastLane> lanes_of(std::initializer_list<unsigned> counts) {
  std::vector<ForecastLane> result;
  std::uint32_t device = 0;
  for (const unsigned count : counts) {
    result.insert(result.end(), count, {DeviceId{device}, {}});
    device += 1;
  }
  return result;
}

Forecast forecast_by(std::string_view policy, TestGraph& graph,
                     const std::vector<ForecastLane>& lanes, const ForecastOptions& options = {},
                     std::uint64_t seed = 1) {
  auto made = make_policy(policy, seed);
  auto result = forecast(*graph.compile(), graph, lanes, **made, options);
  EXPECT_TRUE(result.ok()) << result.status().to_string();
  return *std::move(result);
}

TEST(Ranks, are_longest_paths_over_the_fastest_able_devices) {
  TestGraph graph;
  const auto short_one = graph.kernel({5 * ms, 2 * ms}), long_one = graph.kernel({7 * ms, {}});
  const TaskRef a = graph.add(short_one), b = graph.add(long_one, {a}),
                c = graph.add(short_one, {a});
  graph.add(short_one, {b, c});
  EXPECT_EQ(ranks(*graph.compile(), graph), (std::vector<Nanos>{11 * ms, 9 * ms, 4 * ms, 2 * ms}));
}

TEST(Forecast, a_chain_takes_the_sum_on_the_faster_device) {
  TestGraph graph;
  const auto kernel = graph.kernel({3 * ms, ms});
  TaskRef last = graph.add(kernel);
  for (int i = 1; i < 10; ++i) last = graph.add(kernel, {last});
  const Forecast result = forecast_by("load_aware", graph, lanes_of({1, 1}));
  EXPECT_EQ(result.makespan, 10 * ms);
  EXPECT_EQ(result.tasks_per_lane, (std::vector<std::size_t>{0, 10}));
}

TEST(Forecast, independent_tasks_are_shared_in_proportion_to_speed) {
  TestGraph graph;
  const auto kernel = graph.kernel({3 * ms, ms});
  for (int i = 0; i < 40; ++i) graph.add(kernel);
  const Forecast result = forecast_by("load_aware", graph, lanes_of({1, 1}));
  EXPECT_EQ(result.makespan, 30 * ms);
  EXPECT_EQ(result.tasks_per_lane, (std::vector<std::size_t>{10, 30}));
}

TEST(Forecast, round_robin_waits_for_the_slower_lane) {
  TestGraph graph;
  const auto kernel = graph.kernel({3 * ms, ms});
  for (int i = 0; i < 40; ++i) graph.add(kernel);
  EXPECT_EQ(forecast_by("round_robin", graph, lanes_of({1, 1})).makespan, 60 * ms);
}

TEST(Forecast, a_fork_join_on_two_lanes_is_as_computed_by_hand) {
  //    a (1)
  //   / | \       lanes 0 and 1: a at 0, then two of three (4 each), then the third, then e.
  //  b  c  d (4)
  //   \ | /
  //    e (1)
  TestGraph graph;
  const auto one = graph.kernel({ms}), four = graph.kernel({4 * ms});
  const TaskRef a = graph.add(one);
  const TaskRef b = graph.add(four, {a}), c = graph.add(four, {a}), d = graph.add(four, {a});
  graph.add(one, {b, c, d});
  const Forecast result = forecast_by("load_aware", graph, lanes_of({2}));
  EXPECT_EQ(result.makespan, 10 * ms);
  EXPECT_EQ(result.tasks[4].begin, 9 * ms);
}

TEST(Forecast, overhead_is_added_to_every_task) {
  TestGraph graph;
  const auto kernel = graph.kernel({ms});
  for (int i = 0; i < 10; ++i) graph.add(kernel);
  EXPECT_EQ(forecast_by("load_aware", graph, lanes_of({1}), {ms / 10, 1}).makespan, 11 * ms);
}

TEST(Forecast, lanes_on_shared_cores_slow_each_other_down_while_both_are_busy) {
  TestGraph graph;
  const auto first = graph.kernel({4 * ms, {}}), second = graph.kernel({{}, 2 * ms});
  graph.add(first);
  graph.add(second);
  std::vector<ForecastLane> lanes = lanes_of({1, 1});
  lanes[0].shares_cores_with = {LaneId{1}};
  lanes[1].shares_cores_with = {LaneId{0}};
  // At half speed until 4 ms, when the second is done; the first has 2 ms left then.
  const Forecast result = forecast_by("load_aware", graph, lanes, {Nanos{0}, 2});
  EXPECT_EQ(result.tasks[1].end, 4 * ms);
  EXPECT_EQ(result.makespan, 6 * ms);
  EXPECT_EQ(forecast_by("load_aware", graph, lanes).makespan, 4 * ms);
}

TEST(Forecast, a_task_that_no_lane_can_run_is_named) {
  TestGraph graph;
  graph.add(graph.kernel({ms, ms}));
  graph.add(graph.kernel({{}, ms}));
  auto policy = make_policy("load_aware");
  EXPECT_EQ(forecast(*graph.compile(), graph, lanes_of({1}), **policy).status().to_string(),
            "unavailable: forecast: no lane can run task 1 (touch)");
}

TEST(Forecast, an_empty_graph_takes_no_time) {
  TestGraph graph;
  graph.kernel({ms});
  EXPECT_EQ(forecast_by("load_aware", graph, lanes_of({1})).makespan, Nanos{0});
}

}  // namespace
}  // namespace troika
