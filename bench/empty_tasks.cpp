#include "bench/empty_tasks.h"

#include "examples/progress.h"

namespace troika::bench {
Contest contest(unsigned threads) {
  Contest result;
  const auto add = [&](const char* name, MaybePeer peer) {
    if (peer.ok()) result.contestants.push_back(in_this_process(*std::move(peer)));
    else result.not_run.push_back({name, std::string{peer.status().message()}});
  };
  add("troika", make_troika(threads));
  add("floor", make_floor(threads));
  add("onetbb", make_onetbb(threads));
  add("openmp", make_openmp(threads));
  add("taskflow", make_taskflow(threads));
  add("starpu", make_starpu(threads));
  return result;
}

std::vector<Standing> hold(Contest& contest, const ContestOptions& options) {
  std::vector<std::vector<Shape>> shapes;  // by contestant
  for (const auto& contestant : contest.contestants)
    shapes.push_back(overhead_shapes(options.scale * contestant->scaled_down()));
  std::vector<std::size_t> graphs;
  for (std::size_t g = 0; g < shapes[0].size(); ++g)
    if (options.graph.empty() || shapes[0][g].name == options.graph) graphs.push_back(g);

  std::vector<Standing> standings;
  Progress progress{static_cast<int>(graphs.size() * options.repeats)};
  for (const std::size_t graph : graphs) {
    const std::size_t first = standings.size();
    for (std::size_t c = 0; c < shapes.size(); ++c)
      standings.push_back({shapes[c][graph].name, c, shapes[c][graph].tasks, {}, {}, {}});
    for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
      progress.step(shapes[0][graph].name + ", repeat " + std::to_string(repeat + 1));
      for (std::size_t c = 0; c < shapes.size(); ++c) {
        Contestant& contestant = *contest.contestants[c];
        const Shape& shape = shapes[c][graph];
        const Sample sample =
            contestant.sample({shape.name, options.scale * contestant.scaled_down()}, shape);
        Standing& standing = standings[first + c];
        standing.build.push_back(sample.build);
        standing.replay.push_back(sample.replay);
        standing.bytes = sample.bytes;
      }
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

void add_options(CLI::App& command, ContestOptions& options) {
  std::vector<std::string> graphs;
  for (const Shape& shape : overhead_shapes(1000)) graphs.push_back(shape.name);
  command.add_option("--threads", options.threads, "worker threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--repeats", options.repeats, "interleaved repeats")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--scale", options.scale, "divides the number of tasks")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--graph", options.graph, "this graph only")->check(CLI::IsMember(graphs));
}

}  // namespace troika::bench
