// troika-bench tracing: what the trace costs a task, at each of its levels.
#include <array>

#include "bench/bench.h"
#include "bench/host_only.h"
#include "bench/samples.h"

namespace troika::bench {
namespace {

constexpr Kernel<void()> nothing{"nothing"};

struct Options {
  unsigned threads = 2;
  unsigned repeats = 15;
  std::uint32_t tasks = 100'000;
};

struct Level {
  const char* name;
  TraceLevel level;
};
constexpr std::array levels{Level{"off", TraceLevel::off}, Level{"standard", TraceLevel::standard},
                            Level{"full", TraceLevel::full}};

// One plan, replayed at every level: nothing but the level differs.
class Subject {
 public:
  // Who takes the tasks: the host lane, or the scheduler, which places each.
  enum class Way : std::uint8_t { host_lane, scheduler };

  Subject(Way way, const Options& options)
      : way_{way},
        tasks_{way == Way::host_lane ? options.tasks : options.tasks / 10},
        runtime_{host_only(options.threads)},
        plan_{compile()} {}

  const char* name() const { return way_ == Way::host_lane ? "host lane" : "scheduler"; }
  std::uint32_t tasks() const { return tasks_; }
  // Nanoseconds per task.
  double replay(TraceLevel level) {
    trace().set_level(level);
    const double took = nanos([&] { runtime_.run(plan_).wait(); }) / tasks_;
    trace().collect();
    return took;
  }
  std::uint64_t dropped() { return trace().snapshot().dropped; }

 private:
  // Chains of ten, so that there is something to release and something to steal.
  Plan compile() {
    throw_if_failed(define(nothing).host([] {}).into(runtime_.kernels()));
    Graph graph;
    for (std::uint32_t task = 0; task < tasks_; ++task) {
      TaskRef added = graph.add(nothing);
      // A timeout is what the host lane does not keep.
      if (way_ == Way::scheduler) added.timeout(std::chrono::hours{1});
      if (task % 10 != 0) added.after(TaskRef{graph, TaskIndex{task - 1}});
    }
    return runtime_.compile(graph);
  }
  Trace& trace() { return runtime_.core()->executor().trace(); }

  const Way way_;
  const std::uint32_t tasks_;
  Runtime runtime_;
  Plan plan_;
};

void measure(Subject& subject, const Options& options, Table& table) {
  std::array<std::vector<double>, levels.size()> samples;
  for (const Level& level : levels) subject.replay(level.level);  // touches memory first
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat)
    for (std::size_t turn = 0; turn < levels.size(); ++turn) {
      const std::size_t at = (turn + repeat) % levels.size();
      samples[at].push_back(subject.replay(levels[at].level));
    }
  const double off = summary_of(samples[0]).median;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Summary took = summary_of(samples[i]);
    table.rows.push_back({subject.name(), levels[i].name, std::uint64_t{subject.tasks()}, took,
                          took.median - off, 100 * (took.median / off - 1)});
  }
}

Report measure(const Options& options) {
  Report report;
  report.title = "What the trace costs an empty task";
  Table table{"rows",
              std::to_string(options.threads) + " threads, " + std::to_string(options.repeats) +
                  " interleaved repeats; median (least - most)",
              {{"way", "way", ""},
               {"trace", "trace", ""},
               {"tasks", "tasks", ""},
               {"ns", "replay", "ns a task", 1, true},
               {"more_ns", "more than off", "ns a task"},
               {"more_percent", "more than off", "%"}},
              {}};
  for (const auto way : {Subject::Way::host_lane, Subject::Way::scheduler}) {
    Subject subject{way, options};
    measure(subject, options, table);
    if (const std::uint64_t dropped = subject.dropped(); dropped != 0)
      report.notes.push_back(std::string{subject.name()} + ": " + std::to_string(dropped) +
                             " events were dropped, which costs less than keeping them");
  }
  report.tables = {std::move(table)};
  return report;
}

}  // namespace

Subcommand tracing(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "tracing", "What the trace costs an empty task, at each level."};
  command.count("--threads", options->threads, {1, 1024}, "worker threads");
  command.count("--repeats", options->repeats, {1, 1000}, "interleaved repeats");
  command.count("--tasks", options->tasks, {100, 10'000'000},
                "of a replay; a tenth where each is placed");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
