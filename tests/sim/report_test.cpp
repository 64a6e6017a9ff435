// What a report tells of tasks on a machine where everything is known.
#include <array>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256;

SimulatedOptions traced(TraceLevel level = TraceLevel::full) {
  SimulatedOptions options;
  options.runtime.executor.trace.level = level;
  return options;
}

// make ──> a ──┬─> map ──> b     the first pinned to the host, the last banned from it
//              └─> map ──> c ──> map ──> d
Graph small_graph(std::span<const Buffer<Word>> of) {
  Graph graph;
  const auto add = [&](const char* kernel, std::vector<std::size_t> buffers) {
    std::vector<AnyArg> args;
    for (const std::size_t b : buffers)
      args.emplace_back(b == buffers.back() ? Access::write : Access::read,
                        static_cast<Operand>(of[b].view()));
    args.emplace_back(Word{1});
    return graph.add(kernel, std::span<const AnyArg>{args});
  };
  add("make", {0}).only_on("host").retries(0);
  add("map", {0, 1});
  add("map", {0, 2});
  add("map", {2, 3}).never_on("host");
  return graph;
}

struct Traced {
  explicit Traced(SimulatedOptions options = traced()) : on{small_machine(), std::move(options)} {
    for (int b = 0; b < 4; ++b) buffers.push_back(on.runtime->buffer<Word>(words));
  }
  troika::Run run() {
    const troika::Run run = on.runtime->run(small_graph(buffers));
    run.wait();
    return run;
  }
  Report report() { return on.runtime->core()->report(); }

  Simulated on;
  std::vector<Buffer<Word>> buffers;
};

const std::string& device_of(const Report& report, const TraceEvent& event) {
  return report.trace.tracks.at(event.track.value).group;
}

TEST(Report, has_the_edges_and_bans_of_each_runs_graph) {
  Traced traced;
  const troika::Run run = traced.run();
  const Report report = traced.report();
  ASSERT_EQ(report.runs.size(), 1U);
  EXPECT_EQ(report.runs[0].id, run.state()->id);
  EXPECT_EQ(report.runs[0].finished - report.runs[0].submitted, run.makespan());
  EXPECT_EQ(report.runs[0].failure, "");
  const Report::Graph& graph = report.graphs.at(report.runs[0].graph);
  std::vector<std::string> kernels;
  for (const std::uint32_t kernel : graph.kernel_of) kernels.push_back(graph.kernels.at(kernel));
  EXPECT_THAT(kernels, testing::ElementsAre("make", "map", "map", "map"));
  EXPECT_THAT(graph.first_successor, testing::ElementsAre(0, 2, 2, 3, 3));
  EXPECT_THAT(graph.successors, testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(graph.banned, testing::ElementsAre(testing::Pair(0, 1), testing::Pair(3, 0)));
}

TEST(Report, tells_of_each_task_when_it_was_ready_placed_issued_and_begun) {
  Traced traced;
  traced.run();
  const Report report = traced.report();
  for (std::uint32_t task = 0; task < 4; ++task) {
    std::vector<Nanos> moments;
    for (const EventKind kind : {EventKind::placement, EventKind::issue, EventKind::task})
      for (const TraceEvent& event : report.trace.events)
        if (event.kind == kind && event.task == TaskIndex{task})
          moments.insert(moments.end(), {event.begin, event.end});
    ASSERT_EQ(moments.size(), 6U) << "task " << task;
    // Placed is the end of one wait and the beginning of the next.
    EXPECT_EQ(moments[1], moments[2]);
    EXPECT_TRUE(std::is_sorted(moments.begin(), moments.end())) << "task " << task;
    EXPECT_LT(moments[4], moments[5]);
  }
}

TEST(Report, tells_of_each_task_which_devices_could_have_run_it_and_why_it_went_where_it_went) {
  Traced traced;
  traced.run();
  const Report report = traced.report();
  std::array<std::set<std::string>, 4> candidates;
  std::array<std::string, 4> chosen, why;
  for (const TraceEvent& event : report.trace.events) {
    if (event.kind == EventKind::candidate) {
      candidates.at(event.task.value).insert(device_of(report, event));
      EXPECT_GT(event.end, event.begin);
    } else if (event.kind == EventKind::placement) {
      chosen.at(event.task.value) = device_of(report, event);
      why.at(event.task.value) = report.trace.names.at(event.reason.value);
    }
  }
  EXPECT_THAT(candidates[0], testing::ElementsAre("host"));
  EXPECT_THAT(candidates[1], testing::ElementsAre("dev0", "host"));
  EXPECT_THAT(candidates[3], testing::ElementsAre("dev0"));
  EXPECT_EQ(chosen[0], "host");
  EXPECT_EQ(why[0], "the only able device");
  EXPECT_EQ(why[1], "for a first measurement there");
  EXPECT_EQ(chosen[3], "dev0");
}

TEST(Report, has_no_decisions_of_a_standard_trace) {
  Traced traced{troika::oracle::traced(TraceLevel::standard)};
  traced.run();
  const Report report = traced.report();
  EXPECT_EQ(report.runs.size(), 1U);
  EXPECT_FALSE(report.trace.events.empty());
  for (const TraceEvent& event : report.trace.events) EXPECT_FALSE(is_decision(event.kind));
}

TEST(Report, names_the_failure_of_a_run) {
  SimulatedOptions options = traced();
  options.faults = {{{.kind = sim::FaultKind::kernel_fails, .device = "host", .nth = 1}}};
  Traced traced{options};
  EXPECT_ANY_THROW(traced.run());
  const Report report = traced.report();
  ASSERT_EQ(report.runs.size(), 1U);
  EXPECT_THAT(report.runs[0].failure, testing::HasSubstr("task 0 (make)"));
}

TEST(Report, keeps_the_graphs_of_so_many_runs_and_counts_the_forgotten) {
  SimulatedOptions options = traced();
  options.runtime.executor.trace.kept_runs = 2;
  Traced traced{options};
  traced.run();
  traced.run();
  const troika::Run last = traced.run();
  const Report report = traced.report();
  EXPECT_EQ(report.runs.size(), 2U);
  EXPECT_EQ(report.graphs.size(), 2U);
  EXPECT_EQ(report.runs.back().id, last.state()->id);
  EXPECT_EQ(report.runs_forgotten, 1U);
}

TEST(Report, keeps_one_graph_for_all_runs_of_a_plan) {
  SimulatedOptions options = traced();
  options.runtime.executor.trace.kept_graph_tasks = 4;
  Traced traced{options};
  const Plan plan = traced.on.runtime->compile(small_graph(traced.buffers));
  for (int i = 0; i < 3; ++i) traced.on.runtime->run(plan).wait();
  const Report report = traced.report();
  EXPECT_EQ(report.runs.size(), 3U);
  EXPECT_EQ(report.graphs.size(), 1U);
  EXPECT_EQ(report.runs_forgotten, 0U);
}

TEST(Report, of_an_untraced_runtime_has_devices_and_counters_only) {
  Traced traced{SimulatedOptions{}};
  traced.run();
  const Report report = traced.report();
  EXPECT_TRUE(report.runs.empty());
  EXPECT_TRUE(report.trace.events.empty());
  EXPECT_EQ(report.devices.size(), 2U);
  EXPECT_FALSE(report.metrics.empty());
}

std::string line_of(const std::string& page, const std::string& sample) {
  const std::size_t at = page.find("\n" + sample + " ");
  return at == std::string::npos ? "none" : page.substr(at + 1, page.find('\n', at + 1) - at - 1);
}

TEST(Metrics, are_what_the_counters_say) {
  Traced traced{SimulatedOptions{}};
  traced.run();
  const Counters counters = traced.on.runtime->counters();
  const std::string page = traced.on.runtime->metrics();
  const auto expect = [&](const std::string& sample, std::uint64_t value) {
    EXPECT_EQ(line_of(page, sample), sample + " " + std::to_string(value));
  };
  EXPECT_GT(counters.bytes_copied, 0U);
  expect("troika_tasks_done_total{device=\"host\"}", counters.tasks_by_device[0]);
  expect("troika_tasks_done_total{device=\"dev0\"}", counters.tasks_by_device[1]);
  expect("troika_copied_bytes_total", counters.bytes_copied);
  expect("troika_copies_total", counters.copies);
  expect("troika_device_in_service{device=\"dev0\"}", 1);
  expect("troika_runs_under_way", 0);
}

TEST(Metrics, follow_a_device_out_of_service_and_memory_that_is_held) {
  Traced traced{SimulatedOptions{}};
  traced.run();
  const auto held = [&] {
    const std::string line = line_of(traced.on.runtime->metrics(),
                                     "troika_space_used_bytes{space=\"1\",owner=\"dev0\"}");
    return line.substr(line.rfind(' ') + 1);
  };
  EXPECT_NE(held(), "0");
  traced.on.runtime->remove_device("dev0");
  EXPECT_EQ(held(), "0");
  EXPECT_THAT(traced.on.runtime->metrics(),
              testing::HasSubstr("troika_device_in_service{device=\"dev0\"} 0\n"));
}

}  // namespace
}  // namespace troika::oracle
