// Devices that leave service and come back while the runtime goes on.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 64;

class Departure : public testing::Test {
 protected:
  Departure() : on{machine()}, x{on.runtime->buffer<Word>(words)} {}

  static sim::Machine machine() {
    sim::Machine machine = small_machine();
    machine.costs = {{"make", "dev0", 0, 20 * us, Nanos{0}},
                     {"make", "host", 0, 20 * us, Nanos{0}}};
    return machine;
  }

  // Writes all of `x`, the more the larger the number.
  troika::Run make(Word number, const char* device) {
    Graph graph;
    const std::vector<AnyArg> args{{Access::write, static_cast<Operand>(x.view())}, number};
    TaskRef task = graph.add("make", std::span<const AnyArg>{args});
    if (device != nullptr) task.only_on(device);
    return on.runtime->run(graph);
  }
  std::string error_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::uint64_t tasks_on_dev0() { return on.runtime->counters().tasks_by_device.back(); }

  Simulated on;
  Buffer<Word> x;
};

TEST_F(Departure, takes_nothing_with_it_and_leaves_nothing_behind) {
  make(7, "dev0").wait();
  const std::uint64_t copied = on.runtime->counters().bytes_copied;
  on.runtime->remove_device("dev0");
  EXPECT_EQ(on.runtime->counters().bytes_copied - copied, words * sizeof(Word));
  const auto state = on.runtime->core()->find_buffer(x.id(), "look");
  for (const BufferState::Home& home : (*state)->homes) EXPECT_EQ(home.space, host_space);
  const std::vector<Word> there(x.read().begin(), x.read().end());
  EXPECT_EQ(on.runtime->counters().bytes_copied - copied, words * sizeof(Word));
  on.runtime->add_device("dev0");
  make(7, "dev0").wait();
  EXPECT_TRUE(std::ranges::equal(x.read(), there));
}

TEST_F(Departure, sends_tasks_elsewhere_until_the_device_is_back) {
  on.runtime->remove_device("dev0");
  for (int i = 0; i < 8; ++i) make(3, nullptr).wait();
  EXPECT_EQ(tasks_on_dev0(), 0U);
  const std::string refused = make(3, "dev0").status().to_string();
  EXPECT_EQ(refused, "unavailable: task 0 (make): no able device is left");
  on.runtime->add_device("dev0");
  make(3, "dev0").wait();
  EXPECT_EQ(tasks_on_dev0(), 1U);
}

TEST_F(Departure, waits_for_what_runs_there) {
  const troika::Run run = make(5, "dev0");
  on.runtime->remove_device("dev0");
  EXPECT_TRUE(run.done());
  EXPECT_TRUE(run.status().ok());
  EXPECT_EQ(tasks_on_dev0(), 1U);
}

TEST_F(Departure, of_the_host_or_of_nobody_is_refused) {
  EXPECT_EQ(error_of([&] { on.runtime->remove_device("host"); }),
            "invalid_argument: host is the host, which stays in service");
  EXPECT_EQ(error_of([&] { on.runtime->remove_device("dev9"); }),
            "not_found: no device is called 'dev9'");
}

TEST_F(Departure, of_a_plan_is_told_of_by_it) {
  Graph graph;
  const std::vector<AnyArg> args{{Access::write, static_cast<Operand>(x.view())}, Word{1}};
  const TaskRef task = graph.add("make", std::span<const AnyArg>{args});
  const Plan plan = on.runtime->compile(graph);
  on.runtime->remove_device("dev0");
  EXPECT_NE(plan.explain(task).find("dev0: out of service"), std::string::npos)
      << plan.explain(task);
}

}  // namespace
}  // namespace troika::oracle
