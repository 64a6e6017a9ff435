// Runs that are to be over by a deadline: who goes first, and who is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

using testing::HasSubstr;

constexpr std::size_t words = 256;

// Two lanes that take a millisecond for each task.
sim::Machine two_lanes() {
  sim::Machine machine = small_machine();
  machine.devices.resize(1);
  machine.links.clear();
  machine.costs = {{"make", "host", 0, ms, Nanos{0}, 0}};
  return machine;
}

class Deadlines : public testing::TestWithParam<const char*> {
 protected:
  static SimulatedOptions options() {
    SimulatedOptions options;
    options.runtime.policy = GetParam();
    return options;
  }
  // Each of a buffer of its own, with costs learned.
  Plan plan(std::size_t tasks) {
    buffers_.push_back(on_.runtime->buffer<Word>(tasks * words));
    Plan plan = on_.runtime->compile(makes(buffers_.back(), tasks));
    for (int i = 0; i < 24; ++i) on_.runtime->run(plan).wait();
    return plan;
  }
  troika::Run start(const Plan& plan, Nanos deadline, bool refuse_late) {
    RunOptions wanted;
    wanted.deadline = deadline;
    wanted.refuse_late = refuse_late;
    return on_.runtime->run(plan, {}, wanted);
  }
  void TearDown() override {
    buffers_.clear();
    on_.end();
  }

  Simulated on_{two_lanes(), options()};
  std::vector<Buffer<Word>> buffers_;
};

TEST_P(Deadlines, what_takes_too_long_by_itself_is_refused_at_once_and_nothing_of_it_runs) {
  const Plan one = plan(1);
  const auto done = on_.runtime->counters().tasks_done;
  const troika::Run refused = start(one, ms / 2, true);
  const Status status = refused.status();
  EXPECT_EQ(status.code(), Code::exhausted);
  EXPECT_THAT(status.to_string(), HasSubstr("refused: of its 0.5"));
  EXPECT_EQ(refused.makespan(), Nanos{0});
  EXPECT_EQ(on_.runtime->counters().tasks_done, done);
}

TEST_P(Deadlines, who_does_not_ask_to_be_refused_runs_however_late) {
  const troika::Run late = start(plan(1), ms / 2, false);
  EXPECT_TRUE(late.status().ok());
  EXPECT_GE(late.makespan(), ms);
}

TEST_P(Deadlines, what_does_not_fit_beside_runs_that_were_let_in_is_refused_until_they_are_over) {
  const Plan first = plan(4), second = plan(4), third = plan(4);
  const Nanos deadline = 5 * ms;  // two of them take 4 ms on two lanes, three would take 6
  const troika::Run a = start(first, deadline, true), b = start(second, deadline, true),
                    c = start(third, deadline, true);
  EXPECT_EQ(c.status().code(), Code::exhausted);
  EXPECT_TRUE(a.status().ok());
  EXPECT_TRUE(b.status().ok());
  EXPECT_LE(a.makespan(), deadline);
  EXPECT_LE(b.makespan(), deadline);
  EXPECT_TRUE(start(third, deadline, true).status().ok()) << "the others are over";
}

TEST_P(Deadlines, a_run_that_was_cancelled_holds_up_nobody) {
  const Plan first = plan(8), second = plan(8);
  const troika::Run a = start(first, 5 * ms, true);
  a.cancel();
  EXPECT_EQ(a.status().code(), Code::cancelled);
  EXPECT_TRUE(start(second, 5 * ms, true).status().ok());
}

TEST_P(Deadlines, the_run_with_less_time_left_overtakes) {
  const Plan patient = plan(16), urgent = plan(2);
  const troika::Run a = start(patient, 100 * ms, false), b = start(urgent, 4 * ms, false);
  EXPECT_TRUE(a.status().ok());
  EXPECT_TRUE(b.status().ok());
  EXPECT_LE(b.makespan(), 6 * ms) << "behind what is bound already, not behind all of the other";
}

INSTANTIATE_TEST_SUITE_P(Policies, Deadlines, testing::Values("load_aware", "affinity_pull"),
                         [](const auto& of) { return std::string{of.param}; });

}  // namespace
}  // namespace troika::oracle
