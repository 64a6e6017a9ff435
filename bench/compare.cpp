// troika-bench compare: the same graphs of empty tasks on Troika and its peers, as ratios.
#include <algorithm>
#include <filesystem>
#include <map>

#include "bench/bench.h"
#include "bench/empty_tasks.h"

namespace troika::bench {
namespace {

// What others were measured at elsewhere: to know one's way about, not to compare with.
struct Mark {
  const char *runtime, *graph;
  std::optional<double> build, replay;
};
constexpr Mark marks[] = {
    {"StarPU 1.4", "independent", 2494, 886},    {"StarPU 1.4", "chain", 1853, {}},
    {"StarPU 1.4", "wavefront", 2050, {}},       {"StarPU 1.4", "fork_join_tree", 3232, {}},
    {"StarPU 1.4", "random_dag", 3087, {}},      {"Taskflow 4.1", "independent", 196, 73},
    {"Taskflow 4.1", "chain", 141, 36},          {"Taskflow 4.1", "wavefront", 174, 54},
    {"Taskflow 4.1", "fork_join_tree", 210, 63}, {"Taskflow 4.1", "random_dag", 334, 118},
};

Cell cell_of(const std::optional<double>& value) { return value ? Cell{*value} : Cell{}; }

Table table_of_marks() {
  Table table{
      "marks",
      "For orientation only: measured before, on another day and machine (2 threads, 2 CPUs, "
      "Debian 12; StarPU's without replay where none is given)",
      {{"runtime", "runtime", ""},
       {"graph", "graph", ""},
       {"build_ns", "build and first run", "ns a task", 0},
       {"replay_ns", "replay", "ns a task", 0}},
      {}};
  for (const Mark& mark : marks)
    table.rows.push_back({std::string{mark.runtime}, std::string{mark.graph}, cell_of(mark.build),
                          cell_of(mark.replay)});
  return table;
}

// A newer oneTBB than the one linked, in a program beside this one.
void add_newer_onetbb(Contest& contest, unsigned threads) {
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe").replace_filename("troika-bench-onetbb");
  if (!std::filesystem::exists(program)) {
    contest.not_run.push_back({"onetbb_pypi",
                               "tbb-devel from PyPI was not there when this was built "
                               "(scripts/setup --peers, then configure again)"});
    return;
  }
  auto newer = in_program("onetbb_pypi", program, threads);
  if (newer.ok()) contest.contestants.push_back(*std::move(newer));
  else contest.not_run.push_back({"onetbb_pypi", std::string{newer.status().message()}});
}

// Of both oneTBBs the one whose replay is faster stands for it.
std::size_t faster_onetbb(const Contest& contest, std::span<const Standing> graph) {
  std::size_t best = graph.size();
  for (std::size_t c = 0; c < graph.size(); ++c)
    if (contest.contestants[c]->name().starts_with("onetbb") &&
        (best == graph.size() ||
         summary_of(graph[c].replay).median < summary_of(graph[best].replay).median))
      best = c;
  return best;
}

Table ratios(const Contest& contest, const std::vector<Standing>& standings,
             const ContestOptions& options) {
  Table table{"rows",
              how(options) + "; ratios within a repeat, more than 1: Troika is faster",
              {{"graph", "graph", ""},
               {"runtime", "runtime", ""},
               {"threads", "threads", ""},
               {"tasks", "tasks", ""},
               {"build_ns", "build and first run", "ns a task"},
               {"replay_ns", "replay", "ns a task"},
               {"build_ratio", "build over Troika's", "x", 2, true},
               {"replay_ratio", "replay over Troika's", "x", 2, true},
               {"note", "", ""}},
              {}};
  const std::size_t entered = contest.contestants.size();
  for (std::size_t first = 0; first < standings.size(); first += entered) {
    const std::span graph{standings.data() + first, entered};
    const std::size_t faster = faster_onetbb(contest, graph);
    for (std::size_t c = 0; c < entered; ++c)
      table.rows.push_back(
          {graph[c].graph, contest.contestants[c]->name(), std::uint64_t{options.threads},
           std::uint64_t{graph[c].tasks}, summary_of(graph[c].build), summary_of(graph[c].replay),
           ratio(graph[c].build, graph[0].build), ratio(graph[c].replay, graph[0].replay),
           std::string{c == faster ? "counts for oneTBB" : ""}});
  }
  return table;
}

Report measure(const ContestOptions& options) {
  Contest entered = contest(options);
  add_newer_onetbb(entered, options.threads);
  const std::vector<Standing> standings = hold(entered, options);
  Report report;
  report.title = "Empty tasks on Troika and its peers";
  report.tables = {ratios(entered, standings, options), about(entered), table_of_marks()};
  report.notes = {
      "openmp and, but for independent tasks, starpu keep no graph: their replay builds, too"};
  report.not_run = std::move(entered.not_run);
  return report;
}

}  // namespace

Subcommand compare(CommandLine& line) {
  auto options = std::make_shared<ContestOptions>();
  Command command{
      line, "compare",
      "The graphs of overhead on oneTBB, OpenMP, StarPU and Taskflow: ratios to Troika."};
  add_options(command, *options);
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
