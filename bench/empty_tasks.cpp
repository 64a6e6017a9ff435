#include "bench/empty_tasks.h"

#include <stdexcept>

#include "examples/progress.h"

namespace troika::bench {
namespace {

class InThisProcess final : public Contestant {
 public:
  explicit InThisProcess(std::unique_ptr<Peer> peer) : peer_{std::move(peer)} {}
  std::string name() const override { return peer_->name(); }
  std::string about() const override { return peer_->about(); }
  std::uint32_t scaled_down() const override { return peer_->scaled_down(); }

  Sample sample(const Shape& shape) override {
    constexpr int replays = 3;
    peer_->resume();
    std::unique_ptr<BuiltGraph> graph;
    Sample result;
    result.build = nanos([&] {
                     graph = peer_->build(shape);
                     graph->run();
                   }) /
                   shape.tasks;
    std::vector<double> runs;
    for (int i = 0; i < replays; ++i) runs.push_back(nanos([&] { graph->run(); }) / shape.tasks);
    result.replay = summary_of(runs).median;
    if (const auto bytes = graph->bytes()) result.bytes = static_cast<double>(*bytes) / shape.tasks;
    if (graph->tasks_run() != std::uint64_t{shape.tasks} * (replays + 1))
      throw std::runtime_error(name() + " lost tasks of " + shape.name);
    graph.reset();
    peer_->pause();
    return result;
  }

 private:
  std::unique_ptr<Peer> peer_;
};

}  // namespace

std::unique_ptr<Contestant> contestant(std::unique_ptr<Peer> peer) {
  return std::make_unique<InThisProcess>(std::move(peer));
}

Contest contest(unsigned threads) {
  Contest result;
  const auto add = [&](const char* name, MaybePeer peer) {
    if (peer.ok()) result.contestants.push_back(contestant(*std::move(peer)));
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
        const Sample sample = contest.contestants[c]->sample(shapes[c][graph]);
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
