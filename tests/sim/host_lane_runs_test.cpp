#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256, half = words / 2;

// A task of the device's takes much longer than the world delays any report.
sim::Machine slow_device() {
  sim::Machine machine = small_machine();
  machine.costs = {{"make", "dev0", 0, 100 * ms, Nanos{0}, 0}};
  return machine;
}

// What a plan for the host alone finds where another device was at work before.
struct HostLaneRuns : Simulated, testing::Test {
  HostLaneRuns() : Simulated{slow_device(), shared()} {}
  static SimulatedOptions shared() {
    SimulatedOptions options;
    options.world = sim::WorldOptions::adversarial(1);
    options.lane = HostLaneUse::yes;
    return options;
  }

  // Runs one task "make" over `view` on `device`.
  void make(const View<Word>& view, const char* device) {
    Graph graph;
    const AnyArg args[] = {{Access::write, view}, Word{7}};
    graph.add("make", std::span<const AnyArg>{args}).only_on(device);
    runtime->run(graph).wait();
  }
  std::uint64_t copied() const { return runtime->counters().bytes_copied; }
};

TEST_F(HostLaneRuns, overwrites_what_lies_on_a_device_without_fetching_it) {
  const Buffer<Word> x = runtime->buffer<Word>(words);
  make(x.view(), "dev0");
  make(x.view(), "host");
  EXPECT_EQ(copied(), 0U);
  EXPECT_EQ(runtime->counters().leases, 0U);
  EXPECT_EQ(runtime->counters().leases_refused, 1U);
  make(x.view(), "host");
  EXPECT_EQ(runtime->counters().leases, 1U) << "now that the host has it";
}

TEST_F(HostLaneRuns, fetches_what_it_reads_and_no_more) {
  constexpr std::size_t part = words / 8;
  const Buffer<Word> x = runtime->buffer<Word>(words), y = runtime->buffer<Word>(2 * part);
  make(x.view(), "dev0");
  Graph graph;
  const AnyArg first[] = {
      {Access::read, x.slice(0, part)}, {Access::write, y.slice(0, part)}, Word{3}};
  const AnyArg last[] = {
      {Access::read, x.slice(words - part, part)}, {Access::write, y.slice(part, part)}, Word{4}};
  graph.add("map", std::span<const AnyArg>{first}).only_on("host");
  graph.add("map", std::span<const AnyArg>{last}).only_on("host");
  const troika::Run run = runtime->run(graph);
  run.wait();
  EXPECT_EQ(copied(), 2 * part * sizeof(Word));
  EXPECT_EQ(run.tasks_by_device(), (std::vector<std::uint64_t>{2, 0}));
}

TEST_F(HostLaneRuns, done_by_tasks_need_no_slot_of_the_plans_beside_their_own) {
  const Buffer<Word> x = runtime->buffer<Word>(words);
  make(x.view(), "dev0");
  Graph graph;
  graph.add("bump", {{Access::commute, x.view()}, Word{3}}).only_on("host");
  Plan plan = runtime->compile(graph);
  plan.set_run_slots(1);
  EXPECT_TRUE(runtime->run(plan).status().ok());
  EXPECT_EQ(runtime->counters().leases_refused, 1U);
}

TEST_F(HostLaneRuns, on_the_two_halves_of_a_buffer_go_on_beside_each_other) {
  const Buffer<Word> x = runtime->buffer<Word>(words);
  make(x.slice(0, half), "host");
  Graph slow, fast;
  const AnyArg first[] = {{Access::write, x.slice(0, half)}, Word{1}};
  const AnyArg second[] = {{Access::write, x.slice(half, half)}, Word{2}};
  slow.add("make", std::span<const AnyArg>{first}).only_on("dev0");
  fast.add("make", std::span<const AnyArg>{second}).only_on("host");
  const troika::Run on_device = runtime->run(slow);
  const troika::Run on_host = runtime->run(fast);
  on_host.wait();
  EXPECT_FALSE(on_device.done());
  on_device.wait();
}

}  // namespace
}  // namespace troika::oracle
