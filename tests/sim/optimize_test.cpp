// Plans whose tasks a search has divided among the devices.
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256, tasks = 12;

// Two host lanes, and a device that is faster at making and slower at mapping: a policy that asks
// nothing but who is fastest leaves one of them idle.
struct Optimized : testing::Test {
  void open(double link_bytes_per_second) {
    sim::Machine machine = small_machine();
    machine.costs = {{"make", "host", 0, 100 * us, {}},
                     {"make", "dev0", 0, 50 * us, {}},
                     {"map", "host", 0, 100 * us, {}},
                     {"map", "dev0", 0, 150 * us, {}}};
    for (sim::MachineLink& link : machine.links) link.bytes_per_second = link_bytes_per_second;
    SimulatedOptions simulated;
    simulated.runtime.policy = "fastest_first";
    on.emplace(machine, std::move(simulated));
    x.emplace(on->runtime->buffer<Word>(words * tasks));
    plan.emplace(on->runtime->compile(makes(*x, tasks)));
    for (int run = 0; run < 20; ++run) run_it();  // costs are learned
  }
  void TearDown() override {
    plan.reset();
    x.reset();
    on.reset();
  }
  troika::Run run_it() {
    troika::Run run = on->runtime->run(*plan);
    run.wait();
    return run;
  }
  std::vector<Word> results() const {
    const auto seen = x->read();
    return {seen.begin(), seen.end()};
  }

  std::optional<Simulated> on;
  std::optional<Buffer<Word>> x;
  std::optional<Plan> plan;
};

TEST_F(Optimized, tasks_go_where_the_search_put_them_and_runs_are_as_short_as_predicted) {
  open(1e12);
  const Nanos before = run_it().makespan();
  const std::vector<Word> right = results();
  EXPECT_EQ(run_it().tasks_by_device(), (std::vector<std::uint64_t>{0, tasks}));
  ASSERT_TRUE(plan->optimize(Nanos{0}));
  EXPECT_FALSE(plan->optimize(Nanos{0})) << "nothing better is found twice";
  const troika::Run after = run_it();
  EXPECT_EQ(after.tasks_by_device(), (std::vector<std::uint64_t>{6, 6}));
  EXPECT_LT(after.makespan(), before);
  EXPECT_EQ(plan->predict().makespan, 300 * us);
  EXPECT_EQ(results(), right);
}

TEST_F(Optimized, what_proves_slower_than_before_is_given_up) {
  // The search does not see that bytes have to come to the device over a slow link.
  open(1e6);
  const Buffer<Word> from = on->runtime->buffer<Word>(words * tasks);
  Graph graph;
  for (std::size_t t = 0; t < tasks; ++t) {
    const auto source = from.slice(t * words, words), target = x->slice(t * words, words);
    const AnyArg make[] = {{Access::write, source}, Word{7}};
    graph.add("make", std::span<const AnyArg>{make}).only_on("host");
    const AnyArg map[] = {{Access::read, source}, {Access::write, target}, Word{7}};
    graph.add("map", std::span<const AnyArg>{map});
  }
  Plan maps = on->runtime->compile(graph);
  const auto tasks_by_device = [&] {
    const troika::Run run = on->runtime->run(maps);
    run.wait();
    return run.tasks_by_device();
  };
  for (int run = 0; run < 20; ++run) tasks_by_device();
  const std::vector<std::uint64_t> before = tasks_by_device();
  ASSERT_TRUE(maps.optimize(Nanos{0}));
  for (unsigned run = 0; run < OutlookTrial::runs; ++run) EXPECT_NE(tasks_by_device(), before);
  EXPECT_EQ(tasks_by_device(), before);
}

TEST_F(Optimized, a_device_that_goes_leaves_its_share_to_the_others) {
  open(1e12);
  ASSERT_TRUE(plan->optimize(Nanos{0}));
  run_it();
  const std::vector<Word> right = results();
  on->runtime->remove_device("dev0");
  EXPECT_EQ(run_it().tasks_by_device(), (std::vector<std::uint64_t>{tasks, 0}));
  EXPECT_EQ(results(), right);
  on->runtime->add_device("dev0");
  EXPECT_EQ(run_it().tasks_by_device(), (std::vector<std::uint64_t>{6, 6}));
  EXPECT_EQ(results(), right);
}

}  // namespace
}  // namespace troika::oracle
