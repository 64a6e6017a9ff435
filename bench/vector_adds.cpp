// troika-bench vector-adds: many small additions on an OpenCL device that shares the host's memory.
#include "bench/peers/vector_adds.h"

#include <stdexcept>

#include "bench/bench.h"
#include "examples/progress.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

struct Options {
  VectorAddsShape shape{1'000, 1'024};
  unsigned repeats = 15;
  unsigned replays = 10;
  std::string only;
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

// Those that are there; what is not is named in the report.
std::vector<Row> make_rows(const Options& options, Report& report) {
  const VectorAddsShape& shape = options.shape;
  std::vector<Row> rows;
  const auto add = [&](const char* what, auto&& make) {
    try {
      auto peer = make();
      if (peer->name().find(options.only) != std::string::npos)
        rows.push_back({std::move(peer), {}, {}});
    } catch (const Error& error) {
      report.not_run.push_back({what, error.what()});
    }
  };
  add("troika", [&] { return make_troika_vector_adds(shape, Layout::views, "host_pointer"); });
  add("troika", [&] { return make_troika_vector_adds(shape, Layout::buffers, "svm"); });
  add("troika", [&] { return make_troika_vector_adds(shape, Layout::buffers, "host_pointer"); });
  add("opencl", [&] { return make_opencl_vector_adds(shape, Events::none); });
  add("opencl", [&] { return make_opencl_vector_adds(shape, Events::each_launch); });
  add("starpu", [&] { return make_starpu_vector_adds(shape); });
  return rows;
}

Report measure(const Options& options) {
  Report report;
  report.title = std::to_string(options.shape.tasks) + " vector additions of " +
                 std::to_string(options.shape.elements * sizeof(float)) + " bytes";
  std::vector<Row> rows = make_rows(options, report);

  // The first runs compile and allocate.
  constexpr unsigned warmings = 3;
  Progress progress{static_cast<int>(warmings + options.repeats)};
  for (unsigned warming = 0; warming < warmings; ++warming) {
    progress.step("warming");
    for (Row& row : rows) sample(row, options);
  }
  std::vector<std::uint64_t> copied_before;
  for (Row& row : rows) {
    row.run.clear();
    row.with_results.clear();
    copied_before.push_back(row.peer->bytes_copied().value_or(0));
  }
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat) {
    progress.step("repeat " + std::to_string(repeat + 1));
    for (Row& row : rows) sample(row, options);
  }

  Table table{"rows",
              std::to_string(options.repeats) + " interleaved repeats of " +
                  std::to_string(options.replays) + " replays; median (least - most)",
              {{"runtime", "runtime", ""},
               {"tasks", "tasks", ""},
               {"bytes", "size", "bytes"},
               {"run_ms", "run", "ms a replay", 2, true},
               {"results_ms", "results on the host", "ms a replay", 2, true},
               {"bytes_copied", "copied", "bytes a replay"}},
              {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto counted = rows[i].peer->bytes_copied();
    const std::uint64_t copied =
        (counted.value_or(0) - copied_before[i]) / options.repeats / options.replays;
    table.rows.push_back({rows[i].peer->name(), std::uint64_t{options.shape.tasks},
                          std::uint64_t{options.shape.elements * sizeof(float)},
                          summary_of(rows[i].run), summary_of(rows[i].with_results),
                          counted ? Cell{copied} : Cell{}});
  }
  report.tables = {std::move(table)};
  return report;
}

}  // namespace

Subcommand vector_adds(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "vector-adds",
                  "Small additions on an OpenCL device, their results on the host."};
  command.count("--tasks", options->shape.tasks, {1, 100'000}, "additions");
  command.count("--elements", options->shape.elements, {1, 1'000'000}, "floats in one");
  command.count("--repeats", options->repeats, {1, 1'000}, "interleaved repeats");
  command.count("--replays", options->replays, {1, 1'000}, "in a repeat, one behind the other");
  command.text("--only", options->only, "rows whose name contains this");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
