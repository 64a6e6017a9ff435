// troika-bench vector-adds: many small additions on an OpenCL device that shares the host's memory.
#include "bench/peers/vector_adds.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "bench/bench.h"
#include "bench/samples.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

struct Options {
  VectorAddsShape shape{1'000, 1'024};
  unsigned repeats = 15;
  unsigned replays = 10;
  std::string only;
  std::string json;
};

struct Row {
  std::unique_ptr<VectorAdds> peer;
  std::vector<double> run, with_results;  // milliseconds of a replay, by repeat
};

void check(const VectorAdds& peer, const VectorAddsShape& shape) {
  for (std::uint32_t task = 0; task < shape.tasks; ++task)
    for (std::size_t i = 0; i < shape.elements; ++i)
      if (peer.z(task)[i] != x_of(task, i) + y_of(i))
        throw std::runtime_error(peer.name() + ": element " + std::to_string(i) + " of task " +
                                 std::to_string(task) + " is wrong");
}

// The mean of some replays one behind the other, each with its results read.
void sample(Row& row, const Options& options) {
  row.peer->resume();
  double run = 0, all = 0;
  for (unsigned replay = 0; replay < options.replays; ++replay)
    all += nanos([&] {
      run += nanos([&] { row.peer->run(); });
      row.peer->read_back();
    });
  check(*row.peer, options.shape);
  row.peer->pause();
  row.run.push_back(run / options.replays / 1e6);
  row.with_results.push_back(all / options.replays / 1e6);
}

void vector_adds(const Options& options) {
  const VectorAddsShape& shape = options.shape;
  std::vector<Row> rows;
  const auto add = [&](auto&& make) {
    try {
      auto peer = make();
      if (peer && peer->name().find(options.only) != std::string::npos)
        rows.push_back({std::move(peer), {}, {}});
      else if (!peer) std::printf("starpu: not there when this was built (libstarpu-dev)\n");
    } catch (const Error& error) {
      std::printf("not run: %s\n", error.what());
    }
  };
  add([&] { return make_troika_vector_adds(shape, Layout::views, "host_pointer"); });
  add([&] { return make_troika_vector_adds(shape, Layout::buffers, "svm"); });
  add([&] { return make_troika_vector_adds(shape, Layout::buffers, "host_pointer"); });
  add([&] { return make_opencl_vector_adds(shape); });
  add([&] { return make_starpu_vector_adds(shape); });

  // The first runs compile and allocate.
  for (int warming = 0; warming < 3; ++warming)
    for (Row& row : rows) sample(row, options);
  std::vector<std::uint64_t> copied_before;
  for (Row& row : rows) {
    row.run.clear();
    row.with_results.clear();
    copied_before.push_back(row.peer->bytes_copied().value_or(0));
  }
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat)
    for (Row& row : rows) sample(row, options);

  std::printf(
      "%u additions of %zu bytes, %u interleaved repeats of %u replays\n"
      "ms a replay: median (least - most)\n",
      shape.tasks, shape.elements * sizeof(float), options.repeats, options.replays);
  std::printf("%-46s %24s %24s %16s\n", "", "run", "results on the host", "bytes copied");
  nlohmann::json json = nlohmann::json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Summary run = summary_of(rows[i].run), all = summary_of(rows[i].with_results);
    const auto counted = rows[i].peer->bytes_copied();
    const std::uint64_t copied =
        (counted.value_or(0) - copied_before[i]) / options.repeats / options.replays;
    std::printf("%-46s %7.2f (%6.2f -%7.2f) %7.2f (%6.2f -%7.2f) %16s\n",
                rows[i].peer->name().c_str(), run.median, run.low, run.high, all.median, all.low,
                all.high, counted ? std::to_string(copied).c_str() : "not counted");
    json.push_back({{"runtime", rows[i].peer->name()},
                    {"tasks", shape.tasks},
                    {"bytes", shape.elements * sizeof(float)},
                    {"run_ms", run.median},
                    {"results_ms", all.median},
                    {"results_ms_least", all.low},
                    {"results_ms_most", all.high}});
    if (counted) json.back()["bytes_copied"] = copied;
  }
  if (options.json.empty()) return;
  std::ofstream file{options.json};
  file << nlohmann::json{{"rows", json}}.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
}

}  // namespace

void add_vector_adds(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = program.add_subcommand(
      "vector-adds", "Small additions on an OpenCL device, their results on the host.");
  command->add_option("--tasks", options->shape.tasks, "additions")->check(CLI::Range(1, 100'000));
  command->add_option("--elements", options->shape.elements, "floats in one")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--repeats", options->repeats, "interleaved repeats")
      ->check(CLI::Range(1, 1'000));
  command->add_option("--replays", options->replays, "in a repeat, one behind the other")
      ->check(CLI::Range(1, 1'000));
  command->add_option("--only", options->only, "rows whose name contains this");
  command->add_option("--json", options->json, "writes the figures here");
  command->callback([options] { vector_adds(*options); });
}

}  // namespace troika::bench
