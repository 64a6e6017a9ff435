#include "runtime/sched/prices.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/sched/test_graph.h"
#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;
using test::TestGraph;

// The best end of independent tasks, by trying every way to give them to lanes.
double shortest(const std::vector<TestGraph::Times>& tasks, const std::vector<DeviceId>& lanes,
                std::vector<double>& busy, std::size_t next = 0) {
  if (next == tasks.size()) return *std::max_element(busy.begin(), busy.end());
  double best = INFINITY;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    const auto time = tasks[next][lanes[lane].value];
    if (!time) continue;
    const auto nanos = static_cast<double>(time->count());
    busy[lane] += nanos;
    best = std::min(best, shortest(tasks, lanes, busy, next + 1));
    busy[lane] -= nanos;
  }
  return best;
}

TEST(Prices, the_area_is_never_more_than_what_the_best_schedule_takes) {
  std::mt19937_64 random{5};
  double closest = 0;
  for (int round = 0; round < 60; ++round) {
    TestGraph graph;
    std::vector<TestGraph::Times> tasks;
    for (int t = 0; t < 7; ++t) {
      TestGraph::Times times{Nanos{1 + static_cast<Nanos::rep>(random() % 1000)}};
      for (int d = 1; d < 3; ++d)
        times.push_back(random() % 4 == 0
                            ? std::nullopt
                            : std::optional{Nanos{1 + static_cast<Nanos::rep>(random() % 1000)}});
      tasks.push_back(times);
      graph.add(graph.kernel(times));
    }
    const std::vector<unsigned> lanes{2, 1, 1};
    std::vector<double> busy(4);
    const double best = shortest(tasks, {DeviceId{0}, DeviceId{0}, DeviceId{1}, DeviceId{2}}, busy);
    const Prices prices = find_prices(*graph.compile(), graph, lanes);
    EXPECT_LE(prices.area_nanos, best * (1 + 1e-9)) << "round " << round;
    closest = std::max(closest, prices.area_nanos / best);
    double sum = 0;
    for (std::size_t d = 0; d < lanes.size(); ++d) sum += lanes[d] * prices.by_device[d];
    EXPECT_NEAR(sum, 1, 1e-9);
  }
  EXPECT_GT(closest, 0.9) << "a bound, but a loose one";
}

TEST(Prices, are_those_of_the_linear_program_where_it_is_solved_by_hand) {
  // A hundred tasks of one kernel: the fast lane does ten of eleven, and all end together.
  TestGraph graph;
  const std::uint32_t kernel = graph.kernel({10 * ms, ms});
  for (int t = 0; t < 110; ++t) graph.add(kernel);
  const Prices prices = find_prices(*graph.compile(), graph, std::vector<unsigned>{1, 1});
  EXPECT_NEAR(prices.area_nanos, 100e6, 0.5e6);
  EXPECT_NEAR(prices.by_device[1] / prices.by_device[0], 10, 0.3);
}

TEST(Prices, a_device_that_can_run_nothing_is_worth_nothing_and_does_not_count) {
  TestGraph graph;
  const std::uint32_t kernel = graph.kernel({2 * ms, std::nullopt});
  for (int t = 0; t < 4; ++t) graph.add(kernel);
  const Prices prices = find_prices(*graph.compile(), graph, std::vector<unsigned>{2, 1});
  EXPECT_NEAR(prices.area_nanos, 4e6, 0.05e6);
}

TEST(Prices, of_a_single_device_spread_the_work_over_its_lanes) {
  TestGraph graph;
  const std::uint32_t kernel = graph.kernel({3 * ms});
  for (int t = 0; t < 8; ++t) graph.add(kernel);
  const Prices prices = find_prices(*graph.compile(), graph, std::vector<unsigned>{4});
  EXPECT_DOUBLE_EQ(prices.area_nanos, 6e6);
  EXPECT_DOUBLE_EQ(area_of(TaskIndex{0}, graph, prices.by_device), 0.75e6);
}

}  // namespace
}  // namespace troika
