// troika-bench graph FILE: runs a saved graph, or the tasks of a trace, and says where time went.
#include <cmath>
#include <fstream>
#include <map>
#include <stdexcept>

#include "bench/bench.h"
#include "bench/saved_graph.h"
#include "bench/spin.h"
#include "examples/progress.h"
#include "runtime/sched/policy.h"
#include "runtime/troika.h"

namespace troika::bench {
namespace {

struct Options {
  std::string file, trace;
  std::string policy = "load_aware";
  std::vector<std::string> devices;
  unsigned repeats = 7;
};

// A graph as it lies in a runtime.
struct Loaded {
  std::vector<Buffer<std::uint8_t>> buffers;
  std::optional<Plan> plan;
};

// Of the first OpenCL device that takes part; anything where none does.
float loops_per_micro(Runtime& runtime, const std::vector<std::string>& wanted) {
  for (const auto& device : runtime.devices()) {
    const DeviceInfo& info = device->info();
    if (info.backend == "opencl" && (wanted.empty() || info.is_among(wanted)))
      return measure_loops_per_micro(runtime, info.name);
  }
  return 1;
}

Loaded load(Runtime& runtime, const SavedGraph& saved, float loops) {
  Loaded loaded;
  for (const SavedGraph::Buffer& buffer : saved.buffers) {
    loaded.buffers.push_back(runtime.buffer<std::uint8_t>(buffer.bytes));
    std::ranges::fill(loaded.buffers.back().write(), std::uint8_t{0});
  }
  Graph graph;
  for (const SavedGraph::Task& task : saved.tasks) {
    std::vector<Access> accesses;
    std::vector<AnyArg> args;
    for (const SavedGraph::Use& use : task.uses) {
      accesses.push_back(use.access);
      args.emplace_back(use.access, loaded.buffers[use.buffer]);
    }
    args.emplace_back(static_cast<float>(task.micros));
    args.emplace_back(loops);
    if (!runtime.kernels().find(task.kernel))
      throw_if_failed(define_spin(runtime.kernels(), task.kernel, accesses));
    TaskRef added = graph.add(task.kernel, args);
    for (const std::uint32_t earlier : task.after) added.after({graph, TaskIndex{earlier}});
  }
  loaded.plan = runtime.compile(graph);
  return loaded;
}

struct Runs {
  std::vector<double> predicted_ms, observed_ms;
  std::vector<std::uint64_t> tasks_by_device;  // of the last
  Nanos last_begin{0}, last_end{0};
};

double to_ms(Nanos time) { return 1e3 * to_seconds(time); }

Runs run(Runtime& runtime, const Plan& plan, const Options& options) {
  Runs runs;
  // The first runs compile, and try every kernel on every device.
  constexpr unsigned warmings = 3;
  Progress progress{static_cast<int>(warmings + options.repeats)};
  for (unsigned repeat = 0; repeat < warmings + options.repeats; ++repeat) {
    progress.step("run " + std::to_string(repeat + 1));
    const double predicted = to_ms(plan.predict().makespan);
    const Run one = runtime.run(plan);
    one.wait();
    if (repeat < warmings) continue;
    runs.predicted_ms.push_back(predicted);
    runs.observed_ms.push_back(to_ms(one.makespan()));
    runs.tasks_by_device = one.tasks_by_device();
    runs.last_begin = one.state()->submitted;
    runs.last_end = one.state()->finished;
  }
  return runs;
}

// Of the last run, a kernel on a device.
struct KernelTimes {
  std::vector<double> observed_us, predicted_us;
};
struct Profile {
  std::map<std::string, double> busy_ms;                               // by device
  std::map<std::pair<std::string, std::string>, KernelTimes> kernels;  // by kernel and device
};

Profile profile(const TraceSnapshot& trace, const Runs& runs) {
  Profile result;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != EventKind::task && event.kind != EventKind::retry) continue;
    if (event.begin < runs.last_begin || event.end > runs.last_end) continue;
    const std::string& device = trace.tracks[event.track.value].group;
    const Nanos took = event.end - event.begin;
    result.busy_ms[device] += to_ms(took);
    KernelTimes& times = result.kernels[{trace.names[event.name.value], device}];
    times.observed_us.push_back(1e3 * to_ms(took));
    if (event.predicted > Nanos{0}) times.predicted_us.push_back(1e3 * to_ms(event.predicted));
  }
  return result;
}

Table table_of_runs(const SavedGraph& saved, const Runs& runs) {
  double work = 0;
  for (const SavedGraph::Task& task : saved.tasks) work += task.micros / 1e3;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < runs.observed_ms.size(); ++i)
    ratios.push_back(runs.observed_ms[i] / runs.predicted_ms[i]);
  Table table{"rows",
              "Runs: median (least - most)",
              {{"tasks", "tasks", ""},
               {"asked_ms", "asked for in all", "ms", 2},
               {"observed_ms", "makespan", "ms", 2},
               {"predicted_ms", "predicted before", "ms", 2},
               {"observed_over_predicted", "makespan over predicted", "x", 2}},
              {}};
  table.rows.push_back({std::uint64_t{saved.tasks.size()}, work, summary_of(runs.observed_ms),
                        summary_of(runs.predicted_ms), summary_of(ratios)});
  return table;
}

Table table_of_devices(const Runtime& runtime, const Runs& runs, const Profile& profile) {
  Table table{"devices",
              "Devices in the last run",
              {{"device", "device", ""},
               {"lanes", "lanes", ""},
               {"tasks", "tasks", ""},
               {"busy_ms", "in kernels", "ms", 2},
               {"utilisation_percent", "utilisation", "% of its lanes", 1, true}},
              {}};
  const double makespan = to_ms(runs.last_end - runs.last_begin);
  const auto devices = runtime.devices();
  for (std::size_t d = 0; d < devices.size(); ++d) {
    const DeviceInfo& info = devices[d]->info();
    const auto busy = profile.busy_ms.find(info.name);
    const double ms = busy == profile.busy_ms.end() ? 0 : busy->second;
    table.rows.push_back({info.name, std::uint64_t{info.lanes}, runs.tasks_by_device[d], ms,
                          100 * ms / (makespan * info.lanes)});
  }
  return table;
}

Table table_of_kernels(const Profile& profile) {
  Table table{"kernels",
              "Kernels in the last run: median (least - most)",
              {{"kernel", "kernel", ""},
               {"device", "device", ""},
               {"tasks", "tasks", ""},
               {"observed_us", "took", "us", 1, true},
               {"predicted_us", "predicted", "us", 1}},
              {}};
  for (const auto& [key, times] : profile.kernels)
    table.rows.push_back(
        {key.first, key.second, std::uint64_t{times.observed_us.size()},
         summary_of(times.observed_us),
         times.predicted_us.empty() ? Cell{} : Cell{summary_of(times.predicted_us)}});
  return table;
}

Report measure(const Options& options) {
  const SavedGraph saved = value_or_throw(read_graph(options.file));
  RuntimeOptions wanted;
  wanted.policy = options.policy;
  wanted.devices = options.devices;
  wanted.executor.trace.level = TraceLevel::full;
  Runtime runtime{wanted};
  Trace& recorded = runtime.core()->executor().trace();
  recorded.set_level(TraceLevel::off);  // of what measures the devices nobody wants to know
  const Loaded loaded = load(runtime, saved, loops_per_micro(runtime, options.devices));
  recorded.set_level(TraceLevel::full);
  const Runs runs = run(runtime, *loaded.plan, options);
  const TraceSnapshot trace = recorded.snapshot();
  const Profile times = profile(trace, runs);
  if (!options.trace.empty()) {
    std::ofstream file{options.trace};
    write_chrome_json(trace, file);
    if (!file.flush()) throw std::runtime_error("cannot write " + options.trace);
  }
  Report report;
  report.title = "Graph " + options.file + ", policy " + options.policy;
  report.tables = {table_of_runs(saved, runs), table_of_devices(runtime, runs, times),
                   table_of_kernels(times)};
  report.notes = saved.notes;
  report.notes.push_back(
      "kernels spin: on the host by the clock, on OpenCL devices by counting, at a rate measured "
      "on the first of them");
  if (trace.dropped + trace.forgotten > 0)
    report.notes.push_back(std::to_string(trace.dropped + trace.forgotten) +
                           " events found no room in the trace: the profile is not whole");
  for (const Missing& missing : runtime.missing())
    report.not_run.push_back({missing.what, missing.why.to_string()});
  return report;
}

}  // namespace

Subcommand graph(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "graph", "Runs a saved graph, or the tasks of a trace, and profiles it."};
  command.positional("FILE", options->file, "docs/bench.md has the format");
  command.text("--policy", options->policy, "who runs what next",
               std::vector<std::string>{policy_names().begin(), policy_names().end()});
  command.texts("--devices", options->devices, "names or backends, with commas; default: all");
  command.count("--repeats", options->repeats, {1, 1000},
                "runs that are measured, behind three that are not");
  command.text("--trace", options->trace, "writes the trace (for ui.perfetto.dev) here");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
