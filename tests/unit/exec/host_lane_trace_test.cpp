// What a run of the host lane leaves in the trace.
#include <algorithm>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr std::uint32_t tasks = 200;

class HostLaneTrace : public HostRuntime {
 protected:
  explicit HostLaneTrace(TraceLevel level = TraceLevel::standard)
      : HostRuntime{2, traced_at(level)} {}
  static RuntimeOptions traced_at(TraceLevel level) {
    RuntimeOptions options;
    options.executor.trace.level = level;
    return options;
  }

  // Of one run of a chain of `tasks` tasks.
  TraceSnapshot traced() {
    const Buffer<int> x = buffer_of({0});
    Graph graph;
    for (std::uint32_t i = 0; i < tasks; ++i) graph.add(add, x, 1);
    const Run run = runtime->run(graph);
    run.wait();
    id = run.state()->id;
    return runtime->core()->executor().trace().snapshot();
  }
  RunId id;
};

TEST_F(HostLaneTrace, is_bursts_that_together_hold_every_task) {
  const TraceSnapshot trace = traced();
  std::uint32_t count = 0;
  for (const TraceEvent& event : trace.events) {
    EXPECT_NE(event.kind, EventKind::task);
    if (event.kind != EventKind::burst) continue;
    count += event.count;
    EXPECT_EQ(event.run, id);
    EXPECT_LE(event.begin, event.end);
    EXPECT_EQ(trace.tracks[event.track.value].group, "host");
  }
  EXPECT_EQ(count, tasks);
}

class FullHostLaneTrace : public HostLaneTrace {
 protected:
  FullHostLaneTrace() : HostLaneTrace{TraceLevel::full} {}
};

TEST_F(FullHostLaneTrace, has_every_task_by_its_kernels_name) {
  const TraceSnapshot trace = traced();
  std::vector<std::uint32_t> seen;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != EventKind::task) continue;
    EXPECT_EQ(trace.names[event.name.value], "add");
    seen.push_back(event.task.value);
  }
  std::vector<std::uint32_t> all(tasks);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(seen, all) << "in the order of the chain";
}

TEST_F(FullHostLaneTrace, has_every_task_of_a_run_that_is_longer_than_a_ring) {
  constexpr std::uint32_t many = 3 * 4096;
  const Buffer<int> x = buffer_of({0});
  Graph graph;
  for (std::uint32_t i = 0; i < many; ++i) graph.add(add, x, 1);
  runtime->run(graph).wait();
  const TraceSnapshot trace = runtime->core()->executor().trace().snapshot();
  std::vector<bool> seen(many);
  Nanos end{0};
  for (const TraceEvent& event : trace.events) {
    if (event.kind != EventKind::task) continue;
    seen[event.task.value] = true;
    EXPECT_GE(event.begin, end) << "one behind the other, as a chain is";
    EXPECT_GT(event.end, event.begin);
    end = event.end;
  }
  EXPECT_EQ(std::ranges::count(seen, true), many);
  EXPECT_EQ(trace.dropped, 0U);
}

}  // namespace
}  // namespace troika
