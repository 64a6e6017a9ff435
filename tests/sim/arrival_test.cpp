// Devices that were not there when the runtime began.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/late_devices.h"

namespace troika::oracle {
namespace {

using testing::HasSubstr;

constexpr std::size_t words = 64;

// A host on which a task takes 1 ms, and two devices with memory of their own, fifty times as fast.
sim::Machine machine() {
  sim::Machine machine = small_machine();
  sim::MachineDevice later = machine.devices[1];
  later.name = later.costs = later.space = "dev1";
  machine.devices.push_back(later);
  machine.links.push_back({"host", "dev1", 1e9, 10 * us, {}});
  machine.links.push_back({"dev1", "host", 1e9, 10 * us, {}});
  machine.costs = {{"make", "host", 0, 1 * ms, Nanos{0}},
                   {"make", "dev0", 0, 20 * us, Nanos{0}},
                   {"make", "dev1", 0, 20 * us, Nanos{0}}};
  return machine;
}

class Renamed final : public WrappedDevice {
 public:
  Renamed(std::unique_ptr<Device> device, std::string name) : WrappedDevice{std::move(device)} {
    info_.name = std::move(name);
  }
};

// Knows no dialect, and has so many lanes for which there are no queues.
class Useless final : public Device, public Memory {
 public:
  Useless(std::string name, unsigned lanes) {
    info_.name = std::move(name);
    info_.lanes = lanes;
  }
  const DeviceInfo& info() const noexcept override { return info_; }
  Memory& memory() noexcept override { return *this; }
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage&) override { return refusal(); }
  Result<std::unique_ptr<Queue>> create_queue(QueueId, QueueUse, unsigned,
                                              QueueListener&) override {
    return refusal();
  }
  SpaceId space() const noexcept override { return host_space; }
  std::size_t bytes_free() const noexcept override { return 0; }
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp&) override { return refusal(); }
  Result<std::unique_ptr<Allocation>> attach(const Allocation&) override { return refusal(); }

 private:
  static Status refusal() { return {Code::device_lost, "it is of no use"}; }

  DeviceInfo info_;
};

class Arrival : public testing::Test {
 protected:
  void begin(SimulatedOptions options = {}) {
    if (options.late.empty()) options.late = {"dev0", "dev1"};
    on.emplace(machine(), std::move(options));
    x.emplace(on->runtime->buffer<Word>(words));
  }
  void add(const std::string& name) {
    on->runtime->add_device(std::move(on->late.extract(name).mapped()));
  }
  void run_beside_an_arrival() {
    const Plan plan = on->runtime->compile(makes(*x, 32));
    const troika::Run before = on->runtime->run(plan);
    on->world.run_until(on->world.now() + 50 * us);
    add("dev1");
    const troika::Run after = on->runtime->run(plan);
    on->runtime->run(plan).wait();
    before.wait();
    after.wait();
  }
  std::uint64_t tasks_on(const std::string& name) {
    const auto devices = on->runtime->devices();
    std::uint64_t tasks = 0;
    for (std::size_t d = 0; d < devices.size(); ++d)
      if (devices[d]->info().name == name) tasks += on->runtime->counters().tasks_by_device[d];
    return tasks;
  }
  static std::string error_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  // What the host makes of it alone.
  std::vector<Word> expected(std::size_t tasks) {
    Simulated alone{machine(), coming_later({"dev0", "dev1"})};
    const auto y = alone.runtime->buffer<Word>(words);
    alone.runtime->run(makes(y, tasks)).wait();
    return {y.read().begin(), y.read().end()};
  }
  void expect_made(std::size_t tasks) {
    EXPECT_TRUE(std::ranges::equal(x->read(), expected(tasks)));
  }
  void TearDown() override { x.reset(); }

  std::optional<Simulated> on;
  std::optional<Buffer<Word>> x;
};

TEST_F(Arrival, is_of_use_to_plans_that_were_made_before) {
  begin();
  const Plan plan = on->runtime->compile(makes(*x, 32));
  on->runtime->run(plan).wait();
  add("dev0");
  EXPECT_EQ(on->runtime->devices().back()->info().name, "dev0");
  for (int i = 0; i < 4; ++i) on->runtime->run(plan).wait();
  EXPECT_GT(tasks_on("dev0"), 32U);
  expect_made(32);
}

TEST_F(Arrival, is_of_use_to_a_run_under_way) {
  begin();
  // Once before, so that no more is placed ahead than what the host is known to do in time.
  on->runtime->run(makes(*x, 64)).wait();
  const troika::Run run = on->runtime->run(makes(*x, 64));
  on->world.run_until(on->world.now() + 3 * ms);
  ASSERT_FALSE(run.done());
  add("dev0");
  run.wait();
  EXPECT_GT(run.tasks_by_device().at(1), 32U);
  EXPECT_EQ(on->runtime->counters().tasks_done, 128U);
  expect_made(64);
}

TEST_F(Arrival, under_every_policy) {
  for (const std::string_view policy : policy_names()) {
    SCOPED_TRACE(policy);
    SimulatedOptions options = coming_later({"dev1"});
    options.runtime.policy = policy;
    begin(std::move(options));
    run_beside_an_arrival();
    EXPECT_GT(tasks_on("dev1"), 0U);
    expect_made(32);
    x.reset();
    on.reset();
  }
}

TEST_F(Arrival, ends_with_a_removal_that_takes_nothing_along_and_begins_again) {
  begin();
  const Plan plan = on->runtime->compile(makes(*x, 64));
  add("dev0");
  for (int round = 0; round < 6; ++round) {
    const troika::Run run = on->runtime->run(plan);
    on->world.run_until(on->world.now() + 100 * us);
    if (round % 2 == 0) on->runtime->remove_device("dev0");
    else on->runtime->add_device("dev0");
    run.wait();
    expect_made(64);
  }
  EXPECT_EQ(on->runtime->counters().tasks_done, 6 * 64U);
}

TEST_F(Arrival, under_a_name_that_is_here_is_refused) {
  SimulatedOptions options = coming_later({"dev1"});
  begin(std::move(options));
  auto again = std::make_unique<Renamed>(std::move(on->late.extract("dev1").mapped()), "dev0");
  EXPECT_EQ(error_of([&] { on->runtime->add_device(std::move(again)); }),
            "invalid_argument: adding dev0: a device of that name is here already");
  EXPECT_EQ(on->runtime->devices().size(), 2U);
}

TEST_F(Arrival, takes_the_name_of_one_that_was_lost) {
  SimulatedOptions options = coming_later({"dev1"});
  options.faults.faults = {{.kind = sim::FaultKind::device_lost, .device = "dev0", .nth = 3}};
  begin(std::move(options));
  const Plan plan = on->runtime->compile(makes(*x, 32));
  on->runtime->run(plan).wait();
  ASSERT_EQ(on->runtime->counters().devices_lost, 1U);
  on->runtime->add_device(
      std::make_unique<Renamed>(std::move(on->late.extract("dev1").mapped()), "dev0"));
  const std::uint64_t before = tasks_on("dev0");
  for (int i = 0; i < 3; ++i) on->runtime->run(plan).wait();
  EXPECT_GT(tasks_on("dev0"), before + 32);
  expect_made(32);
  // By the name the living one is meant.
  on->runtime->remove_device("dev0");
  on->runtime->add_device("dev0");
}

TEST_F(Arrival, after_every_other_device_was_lost_saves_what_comes) {
  SimulatedOptions options = coming_later({"dev1"});
  options.faults.faults = {{.kind = sim::FaultKind::device_lost, .device = "dev0", .nth = 3}};
  begin(std::move(options));
  Graph graph;
  const AnyArg args[] = {{Access::write, static_cast<Operand>(x->view())}, Word{7}};
  for (int i = 0; i < 4; ++i)
    graph.add("make", std::span<const AnyArg>{args}).never_on("host").retries(0);
  const Plan plan = on->runtime->compile(graph);
  EXPECT_FALSE(on->runtime->run(plan).status().ok());
  EXPECT_THAT(on->runtime->run(plan).status().to_string(), HasSubstr("no able device is left"));
  add("dev1");
  EXPECT_TRUE(on->runtime->run(plan).status().ok());
  EXPECT_EQ(tasks_on("dev1"), 4U);
}

TEST_F(Arrival, that_fails_leaves_all_as_it_was) {
  begin();
  const Plan plan = on->runtime->compile(makes(*x, 16));
  const std::string why =
      error_of([&] { on->runtime->add_device(std::make_unique<Useless>("dev0", 1)); });
  EXPECT_EQ(why, "device_lost: adding dev0: it is of no use");
  EXPECT_EQ(on->runtime->devices().size(), 1U);
  add("dev0");
  for (int i = 0; i < 3; ++i) on->runtime->run(plan).wait();
  EXPECT_GT(tasks_on("dev0"), 0U);
  expect_made(16);
}

TEST_F(Arrival, beyond_the_most_that_a_runtime_has_is_refused) {
  begin();
  std::string why = "no error";
  for (int i = 0; i < 70 && why == "no error"; ++i)
    why = error_of(
        [&] { on->runtime->add_device(std::make_unique<Useless>("idle" + std::to_string(i), 0)); });
  EXPECT_THAT(why, HasSubstr("exhausted: adding idle62: a runtime has at most 63 devices"));
  on->runtime->run(makes(*x, 16)).wait();
  expect_made(16);
}

TEST_F(Arrival, takes_plans_off_the_host_lane) {
  SimulatedOptions options;
  options.lane = HostLaneUse::yes;
  begin(std::move(options));
  const Plan plan = on->runtime->compile(makes(*x, 32));
  on->runtime->run(plan).wait();
  EXPECT_EQ(on->runtime->counters().leases, 1U);
  add("dev0");
  for (int i = 0; i < 4; ++i) on->runtime->run(plan).wait();
  EXPECT_GT(tasks_on("dev0"), 0U);
  expect_made(32);
}

}  // namespace
}  // namespace troika::oracle
