// troika-bench overhead: nanoseconds per empty task, beside the bare mechanism and other runtimes.
#include "bench/bench.h"
#include "bench/empty_tasks.h"

namespace troika::bench {
namespace {

Table table_of(const Contest& contest, const std::vector<Standing>& standings,
               const ContestOptions& options) {
  Table table{"rows",
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
  for (std::size_t first = 0; first < standings.size(); first += contest.contestants.size()) {
    const double floor = summary_of(standings[first + floor_place].replay).median;
    for (std::size_t c = 0; c < contest.contestants.size(); ++c) {
      const Standing& standing = standings[first + c];
      const Summary replay = summary_of(standing.replay);
      table.rows.push_back(
          {standing.graph, contest.contestants[c]->name(), std::uint64_t{options.threads},
           std::uint64_t{standing.tasks}, summary_of(standing.build), replay,
           standing.bytes ? Cell{*standing.bytes} : Cell{}, replay.median / floor});
    }
  }
  return table;
}

// From the first size asked for to the last.
Table growth(const Contest& contest, const std::vector<Standing>& standings,
             const ContestOptions& options) {
  Table table{"growth",
              "How the time of a task grows with their number",
              {{"graph", "graph", ""},
               {"runtime", "runtime", ""},
               {"from_tasks", "from", "tasks"},
               {"to_tasks", "to", "tasks"},
               {"build_growth", "build and first run", "x", 2},
               {"replay_growth", "replay", "x", 2},
               {"times_floor", "replay's growth over the floor's", "x", 2}},
              {}};
  const std::size_t entered = contest.contestants.size(), sizes = options.tasks.size();
  for (std::size_t graph = 0; graph < standings.size(); graph += sizes * entered) {
    const auto grown = [&](std::size_t place, auto&& of) {
      const Standing& small = standings[graph + place];
      const Standing& large = standings[graph + (sizes - 1) * entered + place];
      return summary_of(of(large)).median / summary_of(of(small)).median;
    };
    const auto build = [](const Standing& standing) { return standing.build; };
    const auto replay = [](const Standing& standing) { return standing.replay; };
    for (std::size_t c = 0; c < entered; ++c) {
      const Standing& small = standings[graph + c];
      table.rows.push_back({small.graph, contest.contestants[c]->name(), std::uint64_t{small.tasks},
                            std::uint64_t{standings[graph + (sizes - 1) * entered + c].tasks},
                            grown(c, build), grown(c, replay),
                            grown(c, replay) / grown(floor_place, replay)});
    }
  }
  return table;
}

Report measure(const ContestOptions& options) {
  Contest entered = contest(options);
  const std::vector<Standing> standings = hold(entered, options);
  Report report;
  report.title = "Overhead of empty tasks";
  report.tables = {table_of(entered, standings, options), about(entered)};
  if (options.tasks.size() > 1) report.tables.push_back(growth(entered, standings, options));
  report.not_run = std::move(entered.not_run);
  return report;
}

}  // namespace

Subcommand overhead(CommandLine& line) {
  auto options = std::make_shared<ContestOptions>();
  Command command{line, "overhead", "Nanoseconds per empty task on five graphs."};
  add_options(command, *options);
  command.flag("--alone", options->alone, "Troika and the floor only");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
