#include "runtime/sched/search.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "runtime/sched/find_outlook.h"
#include "runtime/sched/prices.h"
#include "runtime/sched/ranks.h"
#include "tests/unit/sched/test_graph.h"
#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;
using test::TestGraph;

double millis(double nanos) { return nanos / 1e6; }

// A budget of so many trials.
std::function<double()> trials(int count) {
  return [count, done = 0]() mutable { return static_cast<double>(done++) / count; };
}

// Up to two predecessors each; every kernel can run on device 0.
void random_graph(TestGraph& graph, std::mt19937_64& random, std::size_t tasks) {
  const auto time = [&] { return Nanos{ms * (1 + random() % 9)}; };
  std::vector<std::uint32_t> kernels;
  for (int k = 0; k < 3; ++k)
    kernels.push_back(
        graph.kernel({time(), random() % 4 == 0 ? std::nullopt : std::optional{time()}}));
  std::vector<TaskRef> added;
  for (std::size_t t = 0; t < tasks; ++t) {
    TaskRef task = graph.add(kernels[random() % kernels.size()]);
    for (int edge = 0; edge < 2 && !added.empty(); ++edge)
      if (random() % 3 != 0) task.after(added[random() % added.size()]);
    added.push_back(task);
  }
}

ListSchedule::Choice fastest_first(const ListSchedule& schedule, const TaskGraph& graph,
                                   const TaskCosts& costs) {
  ListSchedule::Choice choice;
  for (const Nanos path : ranks(graph, costs))
    choice.turn.push_back(-static_cast<double>(path.count()));
  for (std::uint32_t t = 0; t < schedule.tasks(); ++t) {
    std::uint32_t best = 0;
    for (std::uint32_t d = 0; d < costs.devices(); ++d) {
      const auto time = costs.time(TaskIndex{t}, DeviceId{d});
      if (time && *time < costs.time(TaskIndex{t}, DeviceId{best}).value_or(forever)) best = d;
    }
    choice.group.push_back(schedule.group_of(DeviceId{best}));
  }
  return choice;
}

TEST(ListSchedule, takes_the_ready_task_of_the_earliest_turn_and_knows_what_let_it_begin) {
  TestGraph graph;
  const auto five = graph.kernel({5 * ms}), three = graph.kernel({3 * ms}),
             two = graph.kernel({2 * ms});
  const TaskRef a = graph.add(five);
  graph.add(three, {a});
  graph.add(two, {a});
  const unsigned lanes[] = {1};
  ListSchedule schedule{*graph.compile(), graph, lanes};
  EXPECT_EQ(millis(schedule.run({{0, 0, 0}, {0, 1, 2}})), 10);
  EXPECT_EQ(schedule.last(), 2U);
  EXPECT_EQ(schedule.cause(2), 1U) << "it had the lane before";
  EXPECT_EQ(schedule.cause(1), 0U);
  EXPECT_EQ(schedule.cause(0), ListSchedule::none);
  schedule.run({{0, 0, 0}, {0, 2, 1}});
  EXPECT_EQ(schedule.last(), 1U);
  EXPECT_EQ(schedule.assignment().begin, (std::vector<Nanos>{Nanos{0}, 7 * ms, 5 * ms}));
}

TEST(ListSchedule, devices_about_as_fast_are_one_group_and_each_keeps_its_own_times) {
  TestGraph graph;
  const auto kernel = graph.kernel({100 * ms, 50 * ms, 52 * ms, 56 * ms});
  graph.add(kernel);
  graph.add(kernel);
  const unsigned lanes[] = {1, 1, 1, 1};
  ListSchedule schedule{*graph.compile(), graph, lanes};
  EXPECT_EQ(schedule.groups(), 3U);
  EXPECT_EQ(schedule.group_of(DeviceId{1}), schedule.group_of(DeviceId{2}));
  const std::uint32_t fast = schedule.group_of(DeviceId{1});
  EXPECT_EQ(millis(schedule.run({{fast, fast}, {0, 1}})), 52);
  EXPECT_NE(schedule.assignment().device[0], schedule.assignment().device[1]);
}

TEST(ListSchedule, of_random_graphs_keeps_edges_and_lanes_and_no_bound_is_beaten) {
  std::mt19937_64 random{7};
  for (int round = 0; round < 50; ++round) {
    TestGraph graph;
    random_graph(graph, random, 40);
    const auto compiled = graph.compile();
    const std::vector<unsigned> lanes{3, 1};
    ListSchedule schedule{*compiled, graph, lanes};
    const double makespan = schedule.run(fastest_first(schedule, *compiled, graph));
    const Assignment done = schedule.assignment();
    std::map<Nanos, std::vector<int>> changes;  // lanes taken and given back, by device
    Nanos last{0};
    for (std::uint32_t t = 0; t < 40; ++t) {
      const Nanos end = done.begin[t] + *graph.time(TaskIndex{t}, done.device[t]);
      for (const std::uint32_t next : compiled->successors(TaskIndex{t}))
        EXPECT_GE(done.begin[next], end);
      for (const Nanos at : {done.begin[t], end}) changes[at].resize(2);
      changes[done.begin[t]][done.device[t].value] += 1;
      changes[end][done.device[t].value] -= 1;
      last = std::max(last, end);
    }
    std::vector<int> busy(2);
    for (const auto& [at, change] : changes)
      for (std::size_t d = 0; d < 2; ++d)
        EXPECT_LE(busy[d] += change[d], static_cast<int>(lanes[d])) << "at " << at.count();
    EXPECT_EQ(done.makespan, last);
    EXPECT_GE(makespan, find_prices(*compiled, graph, lanes).area_nanos - 1);
    EXPECT_GE(last, std::ranges::max(ranks(*compiled, graph)));
  }
}

TEST(Search, finds_what_trying_every_division_of_a_small_graph_finds) {
  std::mt19937_64 random{11};
  for (int round = 0; round < 20; ++round) {
    constexpr std::size_t tasks = 9;
    TestGraph graph;
    random_graph(graph, random, tasks);
    const auto compiled = graph.compile();
    const unsigned lanes[] = {1, 1};
    ListSchedule schedule{*compiled, graph, lanes};
    ListSchedule::Choice choice = fastest_first(schedule, *compiled, graph);
    const double before = schedule.run(choice);
    double best = before;
    for (std::uint32_t division = 0; schedule.groups() == 2 && division < 1U << tasks; ++division) {
      ListSchedule::Choice tried = choice;
      bool able = true;
      for (std::uint32_t t = 0; t < tasks; ++t) {
        tried.group[t] = division >> t & 1;
        able = able && schedule.able(t, tried.group[t]);
      }
      if (able) best = std::min(best, schedule.run(tried));
    }
    const double found = schedule.run(search(schedule, {choice}, 1, trials(4'000)));
    EXPECT_LE(found, best) << "round " << round;
    EXPECT_LE(found, before);
  }
}

TEST(Search, by_the_same_seed_and_budget_finds_the_same) {
  std::mt19937_64 random{3};
  TestGraph graph;
  random_graph(graph, random, 60);
  const auto compiled = graph.compile();
  const unsigned lanes[] = {2, 1};
  ListSchedule schedule{*compiled, graph, lanes};
  const ListSchedule::Choice start = fastest_first(schedule, *compiled, graph);
  const auto one = search(schedule, {start, start}, 5, trials(500));
  const auto other = search(schedule, {start, start}, 5, trials(500));
  EXPECT_EQ(one.group, other.group);
  EXPECT_EQ(one.turn, other.turn);
}

TEST(Search, of_an_outlook_ends_sooner_than_what_was_known_without_it) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::mt19937_64 random{seed};
    TestGraph graph;
    random_graph(graph, random, 80);
    const auto compiled = graph.compile();
    std::vector<ForecastLane> lanes(4, ForecastLane{DeviceId{0}, {}});
    lanes.push_back({DeviceId{1}, {}});
    const auto usual = find_outlook(*compiled, graph, lanes, Spaces::several);
    ASSERT_TRUE(usual);
    EXPECT_TRUE(usual->assigned.empty()) << "bytes may have to move";
    const auto fresh = make_policy("affinity_pull");
    ForecastOptions options;
    options.outlook = &*usual;
    const Nanos before = forecast(*compiled, graph, lanes, **fresh, options)->makespan;
    const auto found = search_outlook(*compiled, graph, lanes, seed, trials(2'000));
    ASSERT_TRUE(found);
    EXPECT_LE(found->assigned.makespan, before) << "seed " << seed;

    // A run by it is what the search saw.
    const auto follows = make_policy("load_aware");
    options.outlook = &*found;
    const Forecast course = *forecast(*compiled, graph, lanes, **follows, options);
    for (std::uint32_t t = 0; t < compiled->size(); ++t)
      EXPECT_EQ(lanes[course.tasks[t].lane.value].device, found->assigned.device[t]);
    EXPECT_EQ(course.makespan, found->assigned.makespan);
  }
}

}  // namespace
}  // namespace troika
