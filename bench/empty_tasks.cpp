#include "bench/empty_tasks.h"

#include <map>
#include <span>

#include "examples/progress.h"

namespace troika::bench {

std::vector<Entrant> make_peers(unsigned threads) {
  std::vector<Entrant> peers;
  peers.push_back({"troika", make_troika(threads)});
  peers.push_back({"floor", make_floor(threads)});
  peers.push_back({"onetbb", make_onetbb(threads)});
  peers.push_back({"openmp", make_openmp(threads)});
  peers.push_back({"taskflow", make_taskflow(threads)});
  peers.push_back({"starpu", make_starpu(threads)});
  return peers;
}

Contest contest(const ContestOptions& options) {
  Contest result;
  if (options.alone) {
    result.contestants.push_back(in_this_process(make_troika(options.threads)));
    result.contestants.push_back(in_this_process(make_floor(options.threads)));
    return result;
  }
  for (auto& [name, peer] : make_peers(options.threads)) {
    if (peer.ok()) result.contestants.push_back(in_this_process(*std::move(peer)));
    else result.not_run.push_back({name, std::string{peer.status().message()}});
  }
  return result;
}

namespace {

std::vector<GraphName> asked_for(const ContestOptions& options) {
  std::vector<GraphName> graphs;
  for (const auto& [name, usual] : overhead_graphs()) {
    if (!options.graph.empty() && name != options.graph) continue;
    if (options.tasks.empty()) graphs.push_back({name, usual / options.scale});
    for (const std::uint32_t tasks : options.tasks) graphs.push_back({name, tasks});
  }
  return graphs;
}

// By what divides the number of tasks.
using Shapes = std::map<std::uint32_t, Shape>;

void sample_all(Contest& contest, const GraphName& graph, Shapes& shapes,
                std::span<Standing> standings) {
  for (Standing& standing : standings) {
    Contestant& contestant = *contest.contestants[standing.contestant];
    const std::uint32_t divisor = contestant.scaled_down();
    const GraphName wanted{graph.name, graph.tasks / divisor};
    if (!shapes.contains(divisor)) shapes[divisor] = overhead_shape(wanted);
    const Shape& shape = shapes[divisor];
    const Sample sample = contestant.sample(wanted, shape);
    standing.tasks = shape.tasks;
    standing.build.push_back(sample.build);
    standing.replay.push_back(sample.replay);
    standing.bytes = sample.bytes;
  }
}

}  // namespace

std::vector<Standing> hold(Contest& contest, const ContestOptions& options) {
  const std::vector<GraphName> graphs = asked_for(options);
  std::vector<Standing> standings;
  Progress progress{static_cast<int>(graphs.size() * options.repeats)};
  for (const GraphName& graph : graphs) {
    const std::size_t first = standings.size();
    for (std::size_t c = 0; c < contest.contestants.size(); ++c)
      standings.push_back({graph.name, c, 0, {}, {}, {}});
    Shapes shapes;
    for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
      progress.step(graph.name + ", repeat " + std::to_string(repeat + 1));
      sample_all(contest, graph, shapes, std::span{standings}.subspan(first));
    }
  }
  return standings;
}

Table about(const Contest& contest) {
  Table table{
      "runtimes", "Runtimes", {{"runtime", "runtime", ""}, {"about", "what it is", ""}}, {}};
  for (const auto& contestant : contest.contestants)
    table.rows.push_back({contestant->name(), contestant->about()});
  return table;
}

std::string how(const ContestOptions& options) {
  return std::to_string(options.threads) + " threads, " + std::to_string(options.repeats) +
         " interleaved repeats; median (least - most)";
}

void add_options(Command& command, ContestOptions& options) {
  std::vector<std::string> graphs;
  for (const GraphName& graph : overhead_graphs()) graphs.push_back(graph.name);
  command.count("--threads", options.threads, {1, 1024}, "worker threads");
  command.count("--repeats", options.repeats, {1, 1000}, "interleaved repeats");
  command.count("--scale", options.scale, {1, 1000}, "divides the number of tasks");
  command.counts("--tasks", options.tasks, {100, 100'000'000}, "of each graph, instead: N[,N...]");
  command.text("--graph", options.graph, "this graph only", graphs);
}

}  // namespace troika::bench
