// Workloads and priced machines, and what comes of them on the simulated clock.
#include "bench/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/sim/bundled.h"
#include "bench/workload.h"
#include "runtime/base/error.h"
#include "runtime/sched/policy.h"

namespace troika::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SavedGraph workload(std::string_view name, std::uint32_t tiles) {
  return value_or_throw(make_workload(name, {tiles, 960, 1, {"gemm", "potrf"}}));
}

Simulation run(const sim::Machine& machine, const SavedGraph& graph,
               const SimulationOptions& options = {}) {
  return simulate(value_or_throw(priced(machine, kernels_of(graph), 960, Estimate::no)), graph,
                  options);
}

// One core and one GPU of a memory of its own, which needs two of three buffers of 960 x 960.
sim::Machine small_machine() {
  sim::Machine machine;
  machine.name = "small";
  machine.devices.push_back(
      {.name = "gpu", .kind = DeviceKind::gpu, .space = "gpu", .costs = "gpu"});
  machine.devices.back().copy_queue = true;
  machine.devices.push_back({.name = "cpu", .costs = "cpu", .is_host = true});
  machine.links = {{"host", "gpu", 10e9, Nanos{10'000}, {}},
                   {"gpu", "host", 10e9, Nanos{10'000}, {}}};
  const Nanos ms{1'000'000};
  machine.costs = {
      {"potrf", "cpu", 1, 4 * ms, Nanos{0}, 480}, {"potrf", "cpu", 1, 8 * ms, Nanos{0}, 960},
      {"potrf", "gpu", 1, 6 * ms, Nanos{0}, 960}, {"gemm", "cpu", 1, 80 * ms, Nanos{0}, 960},
      {"gemm", "gpu", 1, 2 * ms, Nanos{0}, 960},  {"trsm", "cpu", 1, 40 * ms, Nanos{0}, 960},
      {"syrk", "gpu", 1, ms, Nanos{0}, 960}};
  return machine;
}

TEST(Workload, factorisations_have_as_many_tasks_as_their_loops_say) {
  EXPECT_EQ(workload("cholesky", 8).tasks.size(), 120U);
  EXPECT_EQ(workload("cholesky", 16).tasks.size(), 816U);
  // Per step: one panel, two rows of triangles, a square of updates.
  EXPECT_EQ(workload("lu", 3).tasks.size(), (1U + 4 + 4) + (1 + 2 + 1) + 1);
  EXPECT_EQ(workload("qr", 3).tasks.size(), (1U + 2 + 2 + 4) + (1 + 1 + 1 + 1) + 1);
  EXPECT_THAT(kernels_of(workload("lu", 2)), ElementsAre("getrf", "trsm_ll", "trsm_ru", "gemm"));
  EXPECT_THAT(kernels_of(workload("qr", 2)), ElementsAre("geqrt", "ormqr", "tsqrt", "tsmqr"));
}

TEST(Workload, drawn_shapes_are_the_same_for_the_same_seed_and_call_the_kernels_they_are_given) {
  for (const std::string_view name : {"wavefront", "layered", "fork_join", "pipelines"}) {
    SCOPED_TRACE(name);
    const SavedGraph one = workload(name, 6), again = workload(name, 6);
    ASSERT_EQ(one.tasks.size(), again.tasks.size());
    for (std::size_t t = 0; t < one.tasks.size(); ++t) {
      EXPECT_EQ(one.tasks[t].kernel, again.tasks[t].kernel);
      EXPECT_TRUE(one.tasks[t].kernel == "gemm" || one.tasks[t].kernel == "potrf");
    }
  }
  EXPECT_EQ(make_workload("layered", {4, 960, 1, {}}).status().code(), Code::invalid_argument);
  EXPECT_THAT(make_workload("sort", {}).status().to_string(), HasSubstr("cholesky, lu, qr"));
}

TEST(PricedMachine, a_kernel_costs_what_was_measured_at_that_tile) {
  const auto at = [&](std::size_t tile) {
    return value_or_throw(priced(small_machine(), {"potrf"}, tile, Estimate::no)).machine.costs;
  };
  ASSERT_EQ(at(960).size(), 2U);
  EXPECT_EQ(at(960)[1].mean, Nanos{8'000'000});
  EXPECT_NEAR(static_cast<double>(at(679)[1].mean.count()), 5.66e6, 0.01e6) << "between the two";
}

TEST(PricedMachine, a_kernel_without_costs_is_named_and_only_estimated_when_asked_for) {
  const Status refused = priced(small_machine(), {"gemm", "getrf"}, 960, Estimate::no).status();
  EXPECT_EQ(refused.code(), Code::not_found);
  EXPECT_THAT(refused.to_string(), HasSubstr("machine small has no cost of kernel getrf"));
  const PricedMachine machine =
      value_or_throw(priced(small_machine(), {"gemm", "getrf"}, 960, Estimate::yes));
  EXPECT_THAT(machine.estimated, ElementsAre("getrf"));
  ASSERT_EQ(machine.machine.costs.size(), 4U);
  // A third of gemm's flops.
  EXPECT_NEAR(to_seconds(machine.machine.costs[2].mean), 2e-3 / 3, 1e-6);
  EXPECT_FALSE(priced(small_machine(), {"sort"}, 960, Estimate::yes).ok());
}

TEST(Simulation, no_policy_ends_before_the_lower_bound_and_every_task_runs_once) {
  const SavedGraph graph = workload("cholesky", 5);
  for (const std::string_view policy : policy_names()) {
    SCOPED_TRACE(policy);
    SimulationOptions options;
    options.policy = policy;
    const Simulation done = run(small_machine(), graph, options);
    EXPECT_GE(done.makespan, done.lower_bound);
    EXPECT_EQ(done.tasks.size(), graph.tasks.size());
    EXPECT_EQ(done.decision_ns.size(), graph.tasks.size());
    for (const SimulatedTask& task : done.tasks) {
      // Where a kernel has no cost it never runs.
      const std::string& kernel = graph.tasks[task.task.value].kernel;
      EXPECT_FALSE(kernel == "trsm" && done.lanes[task.lane.value] == "gpu");
      EXPECT_FALSE(kernel == "syrk" && done.lanes[task.lane.value] == "cpu");
    }
  }
}

TEST(Simulation, without_transfers_nothing_is_copied) {
  const SavedGraph graph = workload("cholesky", 5);
  EXPECT_GT(run(small_machine(), graph).bytes_copied, 0U);
  EXPECT_EQ(run(without_transfers(small_machine()), graph).bytes_copied, 0U);
}

TEST(Simulation, is_the_same_for_the_same_seed_and_differs_with_noise) {
  const SavedGraph graph = workload("cholesky", 6);
  const auto makespan = [&](std::uint64_t seed, double spread) {
    SimulationOptions options;
    options.seed = seed;
    options.spread = spread;
    return run(small_machine(), graph, options).makespan;
  };
  EXPECT_EQ(makespan(1, 0), makespan(2, 0));
  EXPECT_EQ(makespan(1, 0.3), makespan(1, 0.3));
  EXPECT_NE(makespan(1, 0.3), makespan(2, 0.3));
}

TEST(Simulation, a_policy_that_knows_no_costs_has_to_find_them) {
  const SavedGraph graph = workload("cholesky", 8);
  SimulationOptions cold;
  cold.known_costs = false;
  EXPECT_GT(run(small_machine(), graph, cold).makespan, run(small_machine(), graph).makespan);
}

}  // namespace
}  // namespace troika::bench
