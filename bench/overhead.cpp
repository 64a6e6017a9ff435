// troika-bench overhead: nanoseconds per empty task, beside the bare mechanism and other runtimes.
#include <map>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "bench/bench.h"
#include "bench/empty_tasks.h"

namespace troika::bench {
namespace {

Report measure(const ContestOptions& options) {
  Contest entered = contest(options.threads);
  const std::vector<Standing> standings = hold(entered, options);
  std::map<std::string, double> floor;
  for (const Standing& standing : standings)
    if (entered.contestants[standing.contestant]->name() == "floor")
      floor[standing.graph] = summary_of(standing.replay).median;

  Table rows{"rows",
             how(options),
             {{"graph", "graph", ""},
              {"runtime", "runtime", ""},
              {"threads", "threads", ""},
              {"tasks", "tasks", ""},
              {"build_ns", "build and first run", "ns a task", 1, true},
              {"replay_ns", "replay", "ns a task", 1, true},
              {"bytes_per_task", "memory", "bytes a task", 0},
              {"times_floor", "replay over floor", "x", 2}},
             {}};
  for (const Standing& standing : standings) {
    const Summary replay = summary_of(standing.replay);
    rows.rows.push_back({standing.graph, entered.contestants[standing.contestant]->name(),
                         std::uint64_t{options.threads}, std::uint64_t{standing.tasks},
                         summary_of(standing.build), replay,
                         standing.bytes ? Cell{*standing.bytes} : Cell{},
                         replay.median / floor[standing.graph]});
  }
  Report report;
  report.title = "Overhead of empty tasks";
  report.tables = {std::move(rows), about(entered)};
  report.not_run = std::move(entered.not_run);
  return report;
}

}  // namespace

Subcommand overhead(CLI::App& program) {
  auto options = std::make_shared<ContestOptions>();
  CLI::App* const command =
      program.add_subcommand("overhead", "Nanoseconds per empty task on five graphs.");
  add_options(*command, *options);
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
