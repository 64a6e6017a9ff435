// Which plans go to the host lane although other devices could run their tasks.
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256, tasks = 8;

// Each of two host lanes takes 100 us for a task.
struct LaneChoices : testing::Test {
  void open(Nanos on_device, RuntimeOptions options = {}) {
    sim::Machine machine = small_machine();
    machine.costs = {{"make", "host", 0, 100 * us, Nanos{0}}, {"make", "dev0", 0, on_device, {}}};
    SimulatedOptions simulated;
    simulated.lane = HostLaneUse::yes;
    simulated.runtime = std::move(options);
    simulated.throws = &throws;
    on.emplace(machine, std::move(simulated));
    x.emplace(on->runtime->buffer<Word>(words * tasks));
    plan.emplace(on->runtime->compile(makes(*x, tasks)));
  }
  void TearDown() override {
    plan.reset();
    x.reset();
    on.reset();
  }
  // Of so many runs, those that the lane took.
  std::uint64_t leases_of(int runs) {
    const std::uint64_t before = on->runtime->counters().leases;
    for (int run = 0; run < runs; ++run) on->runtime->run(*plan).wait();
    return on->runtime->counters().leases - before;
  }

  std::set<Word> throws;
  std::optional<Simulated> on;
  std::optional<Buffer<Word>> x;
  std::optional<Plan> plan;
};

TEST_F(LaneChoices, a_plan_that_the_host_alone_ends_as_soon_goes_to_the_lane_once_that_is_known) {
  open(10 * ms);
  EXPECT_EQ(leases_of(1), 0U) << "the first run tries every device";
  leases_of(1);
  EXPECT_EQ(leases_of(5), 5U);
  EXPECT_LE(plan->predict().makespan, 10 * us) << "what runs take there, in simulated time";
}

TEST_F(LaneChoices, the_other_way_is_tried_again_now_and_then) {
  open(10 * ms);
  leases_of(2);
  EXPECT_EQ(leases_of(62), 59U) << "runs 9, 25 and 57 went by tasks";
}

TEST_F(LaneChoices, a_plan_that_a_device_ends_sooner_never_goes_there) {
  open(10 * us);
  EXPECT_EQ(leases_of(40), 0U);
  EXPECT_EQ(on->runtime->counters().leases_refused, 0U) << "nor is it tried";
}

TEST_F(LaneChoices, a_run_whose_decisions_are_traced_goes_by_tasks) {
  open(10 * ms);
  on->runtime->core()->executor().trace().set_level(TraceLevel::full);
  EXPECT_EQ(leases_of(8), 0U);
}

TEST_F(LaneChoices, a_policy_that_does_not_leave_tasks_to_the_lane_places_them_all) {
  RuntimeOptions options;
  options.policy = "earliest_finish";
  open(10 * ms, options);
  EXPECT_EQ(leases_of(8), 0U);
}

TEST_F(LaneChoices, what_the_host_fails_to_do_there_other_devices_do) {
  open(10 * ms);
  leases_of(4);
  throws.insert(7);
  const troika::Run run = on->runtime->run(*plan);
  EXPECT_TRUE(run.status().ok()) << run.status().to_string();
  EXPECT_EQ(run.tasks_by_device(), (std::vector<std::uint64_t>{0, tasks}));
  EXPECT_EQ(on->runtime->counters().tasks_failed, 0U);
}

TEST_F(LaneChoices, runs_of_both_kinds_share_the_plans_slots) {
  open(10 * ms);
  leases_of(4);  // from now on the bytes are at home, and no run stands in for another
  plan->set_run_slots(1);
  const std::uint64_t leased = on->runtime->counters().leases;
  const std::uint64_t done = on->runtime->counters().tasks_done;
  std::vector<troika::Run> runs;
  for (int run = 0; run < 40; ++run) runs.push_back(on->runtime->run(*plan));
  std::size_t most = 0;
  do most = std::max(most, on->runtime->core()->executor().gauges().runs_under_way);
  while (!runs.back().done() && on->world.step());
  EXPECT_EQ(most, 1U);
  for (const troika::Run& run : runs) run.wait();
  EXPECT_EQ(on->runtime->counters().tasks_done - done, 40 * tasks);
  EXPECT_EQ(on->runtime->counters().leases - leased, 38U) << "runs 9 and 25 went by tasks";
}

}  // namespace
}  // namespace troika::oracle
