// troika-bench overhead: nanoseconds per empty task, beside the bare mechanism and oneTBB.
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "bench/bench.h"
#include "bench/peers/peer.h"
#include "bench/samples.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned threads = 2;
  unsigned repeats = 7;
  std::uint32_t scale = 1;
  std::string only;
  std::string json;
};

// Nanoseconds per task of every repeat.
struct Samples {
  std::vector<double> build, replay;
  double bytes = 0;
};

// One build with its first run, then replays.
void sample(Peer& peer, const Shape& shape, Samples& samples) {
  constexpr int replays = 3;
  std::unique_ptr<BuiltGraph> graph;
  samples.build.push_back(nanos([&] {
                            graph = peer.build(shape);
                            graph->run();
                          }) /
                          shape.tasks);
  std::vector<double> runs;
  for (int i = 0; i < replays; ++i) runs.push_back(nanos([&] { graph->run(); }) / shape.tasks);
  samples.replay.push_back(summary_of(runs).median);
  samples.bytes = static_cast<double>(graph->bytes()) / shape.tasks;
  if (graph->tasks_run() != std::uint64_t{shape.tasks} * (replays + 1)) {
    throw std::runtime_error(std::string{peer.name()} + " lost tasks of " + shape.name);
  }
}

void overhead(const Options& options) {
  std::vector<std::unique_ptr<Peer>> peers;
  peers.push_back(make_troika(options.threads));
  peers.push_back(make_floor(options.threads));
  peers.push_back(make_onetbb(options.threads));

  std::printf("%u threads, %u interleaved repeats; nanoseconds per task: median (least - most)\n",
              options.threads, options.repeats);
  std::printf("%-16s %-8s %26s %26s %6s %8s\n", "graph", "runtime", "build and first run", "replay",
              "bytes", "x floor");
  nlohmann::json rows = nlohmann::json::array();
  for (const Shape& shape : overhead_shapes(options.scale)) {
    if (!options.only.empty() && options.only != shape.name) continue;
    std::map<std::string, Samples> all;
    for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
      for (const auto& peer : peers) sample(*peer, shape, all[peer->name()]);
    }
    const double floor = summary_of(all["floor"].replay).median;
    for (const auto& peer : peers) {
      const Samples& samples = all[peer->name()];
      const Summary build = summary_of(samples.build), replay = summary_of(samples.replay);
      std::printf("%-16s %-8s %8.1f (%6.1f -%7.1f) %8.1f (%6.1f -%7.1f) %6.0f %8.2f\n",
                  shape.name.c_str(), peer->name(), build.median, build.low, build.high,
                  replay.median, replay.low, replay.high, samples.bytes, replay.median / floor);
      std::fflush(stdout);
      rows.push_back({{"graph", shape.name},
                      {"runtime", peer->name()},
                      {"threads", options.threads},
                      {"build_ns", build.median},
                      {"replay_ns", replay.median},
                      {"replay_ns_least", replay.low},
                      {"replay_ns_most", replay.high},
                      {"bytes_per_task", samples.bytes}});
    }
  }
  if (options.json.empty()) return;
  std::ofstream file{options.json};
  file << nlohmann::json{{"rows", rows}}.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
}

}  // namespace

void add_overhead(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* const command =
      program.add_subcommand("overhead", "Nanoseconds per empty task on five graphs.");
  command->add_option("--threads", options->threads, "worker threads")->check(CLI::Range(1, 1024));
  command->add_option("--repeats", options->repeats, "interleaved repeats")
      ->check(CLI::Range(1, 1000));
  command->add_option("--scale", options->scale, "divides the number of tasks")
      ->check(CLI::Range(1, 1000));
  command->add_option("--graph", options->only, "this graph only");
  command->add_option("--json", options->json, "writes the figures here");
  command->callback([options] { overhead(*options); });
}

}  // namespace troika::bench
