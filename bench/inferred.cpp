// troika-bench inferred: a graph whose order follows from what its tasks touch, built, compiled and
// run anew each time.
#include <stdexcept>

#include "bench/bench.h"
#include "bench/peers/peer.h"
#include "examples/progress.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned threads = 2;
  unsigned repeats = 9;
  std::uint32_t side = 40;
};

struct Row {
  std::unique_ptr<Peer> peer;
  std::vector<double> took;  // nanoseconds a task, by repeat
};

// From nothing to nothing: what is built goes, too.
double sample(Peer& peer, const TileGraph& graph) {
  peer.resume();
  std::uint64_t ran = 0;
  const double took = nanos([&] {
    const auto built = peer.build_tiles(graph);
    built->run();
    ran = built->tasks_run();
  });
  peer.pause();
  if (ran != graph.tasks.size()) throw std::runtime_error(std::string{peer.name()} + " lost tasks");
  return took / static_cast<double>(graph.tasks.size());
}

Table table_of(const std::vector<Row>& rows, const TileGraph& graph, const Options& options) {
  Table table{"rows",
              std::to_string(options.threads) + " threads, " + std::to_string(options.repeats) +
                  " interleaved repeats; median (least - most); the ratio within a repeat",
              {{"runtime", "runtime", ""},
               {"order", "order of the tasks", ""},
               {"tasks", "tasks", ""},
               {"ns", "build and run", "ns a task", 1, true},
               {"times_troika", "over Troika's", "x", 2}},
              {}};
  for (const Row& row : rows)
    table.rows.push_back({std::string{row.peer->name()},
                          std::string{row.peer->infers() ? "inferred" : "by a hand-written table"},
                          std::uint64_t{graph.tasks.size()}, summary_of(row.took),
                          ratio(row.took, rows.front().took)});
  return table;
}

Report measure(const Options& options) {
  Report report;
  report.title = "Cholesky by " + std::to_string(options.side) + " x " +
                 std::to_string(options.side) + " tiles, built, compiled and run anew";
  std::vector<Row> rows;
  Table about{
      "runtimes", "Runtimes", {{"runtime", "runtime", ""}, {"about", "what it is", ""}}, {}};
  for (auto& [name, peer] : make_peers(options.threads)) {
    if (!peer.ok()) {
      report.not_run.push_back({name, std::string{peer.status().message()}});
      continue;
    }
    rows.push_back({*std::move(peer), {}});
    about.rows.push_back({std::string{name}, rows.back().peer->about()});
  }
  const TileGraph graph = cholesky(options.side);
  Progress progress{static_cast<int>(options.repeats + 1)};
  // What is there from the second time on: threads, memory, data handles.
  progress.step("warming");
  for (Row& row : rows) sample(*row.peer, graph);
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
    progress.step("repeat " + std::to_string(repeat + 1));
    for (Row& row : rows) row.took.push_back(sample(*row.peer, graph));
  }
  report.tables = {table_of(rows, graph, options), std::move(about)};
  report.notes = {
      "tasks are empty and have tiles as arguments; the matrix and what a runtime keeps "
      "of it are made before"};
  return report;
}

}  // namespace

Subcommand inferred(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "inferred",
                  "A Cholesky factorisation's empty tasks, ordered by the tiles that they touch."};
  command.count("--threads", options->threads, {1, 1024}, "worker threads");
  command.count("--repeats", options->repeats, {1, 1000}, "interleaved repeats");
  command.count("--side", options->side, {1, 256}, "tiles along a side of the matrix");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
