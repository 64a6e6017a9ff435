#include "runtime/sched/deadlines.h"

#include <gtest/gtest.h>

#include "runtime/sched/mix_prices.h"
#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;

Due due(int deadline_ms, int area_ms) { return {deadline_ms * ms, area_ms * 1e6}; }

TEST(Deadlines, work_that_is_due_later_does_not_count_against_a_run_and_what_is_due_before_does) {
  const Deadlines deadlines;
  const std::vector<Due> later{due(20, 11)}, sooner{due(5, 4)};
  EXPECT_TRUE(deadlines.admits(later, due(8, 8), ms, Nanos{0}));
  EXPECT_FALSE(deadlines.admits(sooner, due(8, 8), ms, Nanos{0}));
}

TEST(Deadlines, a_run_that_would_make_a_later_one_late_is_refused) {
  const std::vector<Due> later{due(20, 15)};
  EXPECT_FALSE(Deadlines{}.admits(later, due(8, 6), ms, Nanos{0}));
  EXPECT_TRUE(Deadlines{}.admits(later, due(8, 4), ms, Nanos{0}));
}

TEST(Deadlines, time_that_has_passed_is_no_longer_there) {
  EXPECT_TRUE(Deadlines{}.admits({}, due(8, 6), ms, 2 * ms));
  EXPECT_FALSE(Deadlines{}.admits({}, due(8, 6), ms, 3 * ms));
}

TEST(Deadlines, runs_that_end_late_leave_less_to_promise_and_runs_in_time_more) {
  Deadlines deadlines;
  EXPECT_TRUE(deadlines.admits({}, due(10, 10), ms, Nanos{0}));
  deadlines.observe(true);
  EXPECT_FALSE(deadlines.admits({}, due(10, 10), ms, Nanos{0}));
  for (int i = 0; i < 50; ++i) deadlines.observe(false);
  EXPECT_TRUE(deadlines.admits({}, due(10, 10), ms, Nanos{0}));
}

TEST(MixPrices, of_graphs_of_one_kind_stay_about_what_their_own_are) {
  const std::vector<AlikeTasks> work{{{4e6, 1e6}, 6}, {{2e6, 1e6}, 4}};
  const std::vector<unsigned> lanes{4, 1};
  const Prices alone = find_prices(work, lanes);
  MixPrices mix;
  for (int i = 0; i < 1000; ++i) mix.arrive(work, alone.by_device, lanes);
  std::vector<double> load;
  EXPECT_GT(find_area(work, mix.by_device(), lanes, load), 0.97 * alone.area_nanos);
}

// Each graph alone wants the fast device; together they would wait for it.
TEST(MixPrices, come_to_what_the_graphs_are_worth_together) {
  const std::vector<AlikeTasks> suited{{{8e6, 1e6}, 4}}, less_so{{{3e6, 1e6}, 4}};
  const std::vector<unsigned> lanes{4, 1};
  MixPrices mix;
  for (int i = 0; i < 1000; ++i) {
    mix.arrive(suited, find_prices(suited, lanes).by_device, lanes);
    mix.arrive(less_so, find_prices(less_so, lanes).by_device, lanes);
  }
  const std::vector<AlikeTasks> both{suited[0], less_so[0]};
  std::vector<double> load;
  EXPECT_GT(find_area(both, mix.by_device(), lanes, load),
            0.97 * find_prices(both, lanes).area_nanos);
  EXPECT_LT(mix.by_device()[0] * 3e6, mix.by_device()[1] * 1e6) << "less suited: on the cores";
}

TEST(MixPrices, a_device_without_lanes_gets_nothing) {
  const std::vector<AlikeTasks> work{{{4e6, 1e6}, 6}};
  MixPrices mix;
  mix.arrive(work, std::vector<double>{0.125, 0.5}, std::vector<unsigned>{4, 1});
  mix.arrive(work, std::vector<double>{0.125, 0.5}, std::vector<unsigned>{4, 0});
  std::vector<double> load;
  find_area(work, mix.by_device(), std::vector<unsigned>{4, 0}, load);
  EXPECT_EQ(load[1], 0);
  EXPECT_GT(load[0], 0);
}

}  // namespace
}  // namespace troika
