// troika-bench schedule: how long workloads take on simulated machines, by policy.
#include <algorithm>
#include <filesystem>

#include "backends/sim/bundled.h"
#include "bench/bench.h"
#include "bench/simulation.h"
#include "bench/workload.h"
#include "examples/progress.h"
#include "runtime/base/error.h"
#include "runtime/sched/policy.h"

namespace troika::bench {
namespace {

struct Options {
  std::string machine = "workstation";
  std::vector<std::string> workloads{"cholesky"};
  std::vector<std::string> policies{"load_aware"};
  std::vector<std::uint32_t> tiles{16};
  std::size_t tile = 960;
  double noise_percent = 0, misread_percent = 0;
  std::string slow;
  double slow_factor = 2, slow_from_percent = 30;
  unsigned runs = 1;
  double search_seconds = 0;
  unsigned seeds = 1;
  bool transfers = true;
  bool estimate = false;
  bool cold = false;
};

double to_ms(Nanos time) { return 1e3 * to_seconds(time); }

// A file where there is one of that name, else one of ours.
sim::Machine machine_of(const Options& options) {
  const bool is_file = std::filesystem::exists(options.machine);
  sim::Machine machine = value_or_throw(is_file ? sim::read_machine(options.machine)
                                                : sim::bundled_machine(options.machine));
  return options.transfers ? machine : without_transfers(std::move(machine));
}

std::vector<std::string> policies_of(const Options& options) {
  if (options.policies != std::vector<std::string>{"all"}) return options.policies;
  return {policy_names().begin(), policy_names().end()};
}

Gantt chart_of(const std::string& title, const SavedGraph& graph, const Simulation& simulation) {
  Gantt chart{title, "ms", simulation.lanes, {}};
  for (const SimulatedTask& task : simulation.tasks)
    chart.bars.push_back(
        {task.lane.value, graph.tasks[task.task.value].kernel, to_ms(task.begin), to_ms(task.end)});
  return chart;
}

// What all its rows have in common.
struct Case {
  const Options& options;
  sim::Machine machine;
  std::string workload;
  std::uint32_t tiles;
};

SimulationOptions simulation_options(const Options& options, const std::string& policy) {
  SimulationOptions simulated;
  simulated.policy = policy;
  simulated.known_costs = !options.cold;
  simulated.search = from_seconds(options.search_seconds);
  simulated.runs = options.runs;
  return simulated;
}

// Adds what is not as it should be; a device grows slow that far into a run without any of it.
void disturb(SimulationOptions& simulated, const Options& options, const PricedMachine& machine,
             const SavedGraph& graph) {
  if (!options.slow.empty()) {
    const double whole = to_seconds(simulate(machine, graph, simulated).makespan);
    simulated.slow = options.slow;
    simulated.slow_factor = options.slow_factor;
    simulated.slow_from = from_seconds(options.slow_from_percent / 100 * whole);
  }
  simulated.spread = options.noise_percent / 100;
  simulated.misread = options.misread_percent / 100;
}

// Seeds differ in the noise and in what policies draw.
std::vector<Cell> measure(const Case& of, const std::string& policy, Report& report) {
  const Options& options = of.options;
  std::vector<double> makespans, decisions;
  double bound = 0;
  const SavedGraph graph = value_or_throw(
      make_workload(of.workload, {of.tiles, options.tile, 1, kernels_of(of.machine)}));
  const PricedMachine machine =
      value_or_throw(priced(of.machine, kernels_of(graph), options.tile,
                            options.estimate ? Estimate::yes : Estimate::no));
  const std::vector<std::string>& estimated = machine.estimated;
  SimulationOptions simulated = simulation_options(options, policy);
  disturb(simulated, options, machine, graph);
  for (simulated.seed = 1; simulated.seed <= options.seeds; ++simulated.seed) {
    const Simulation done = simulate(machine, graph, simulated);
    makespans.push_back(to_ms(done.makespan));
    decisions.insert(decisions.end(), done.decision_ns.begin(), done.decision_ns.end());
    bound = to_ms(done.lower_bound);
    if (simulated.seed != 1) continue;
    report.charts.push_back(chart_of(of.workload + " of " + std::to_string(of.tiles) +
                                         " tiles on " + of.machine.name + " by " + policy,
                                     graph, done));
  }
  for (const std::string& kernel : estimated) {
    const std::string note = of.workload + ": " + kernel + " is not among the costs of " +
                             of.machine.name + ": an estimate by flops from gemm";
    if (std::find(report.notes.begin(), report.notes.end(), note) == report.notes.end())
      report.notes.push_back(note);
  }
  return {of.machine.name,
          of.workload + (estimated.empty() ? "" : " (estimated)"),
          std::uint64_t{of.tiles},
          policy,
          std::string{options.transfers ? "yes" : "no"},
          summary_of(makespans).median,
          bound,
          summary_of(decisions).median};
}

Report measure(const Options& options) {
  Report report;
  report.title = "Workloads on a simulated machine";
  report.tables = {{"rows",
                    options.seeds == 1 ? "One run each"
                                       : "Medians of " + std::to_string(options.seeds) + " seeds",
                    {{"machine", "machine", ""},
                     {"workload", "workload", ""},
                     {"tiles", "tiles", ""},
                     {"policy", "policy", ""},
                     {"transfers", "transfers", ""},
                     {"makespan_ms", "makespan", "ms", 1, true},
                     {"lower_bound_ms", "lower bound", "ms", 1},
                     {"decision_ns", "decision", "ns, median", 0}},
                    {}}};
  const sim::Machine machine = machine_of(options);
  const std::vector<std::string> policies = policies_of(options);
  Progress progress{
      static_cast<int>(options.workloads.size() * options.tiles.size() * policies.size())};
  for (const std::string& workload : options.workloads)
    for (const std::uint32_t tiles : options.tiles)
      for (const std::string& policy : policies) {
        progress.step(workload + ", " + std::to_string(tiles) + " tiles, " + policy);
        report.tables[0].rows.push_back(
            measure({options, machine, workload, tiles}, policy, report));
      }
  report.notes.push_back(
      "the production executor and policies on a simulated clock: makespans are the same on every "
      "machine, decisions are measured on this one");
  report.notes.push_back(
      "lower bound: the longest path or all work spread over all workers at best, whichever is "
      "more; without transfers");
  if (options.search_seconds > 0)
    report.notes.push_back("each plan was optimised for " + text_of(options.search_seconds, 2) +
                           " s on one thread of this machine");
  if (options.noise_percent > 0)
    report.notes.push_back("every task's time is drawn: lognormal, " +
                           text_of(options.noise_percent, 0) + " %");
  if (options.misread_percent > 0)
    report.notes.push_back(text_of(options.misread_percent, 1) +
                           " % of tasks' times were told a hundred times too long");
  if (!options.slow.empty())
    report.notes.push_back(options.slow + " takes " + text_of(options.slow_factor, 1) +
                           " times as long from " + text_of(options.slow_from_percent, 0) +
                           " % of a run without noise on");
  if (options.runs > 1)
    report.notes.push_back("the last of " + std::to_string(options.runs) + " runs of each plan");
  return report;
}

}  // namespace

Subcommand schedule(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "schedule", "Workloads on simulated machines, by policy."};
  const auto names = [](std::span<const std::string_view> of) {
    return std::vector<std::string>{of.begin(), of.end()};
  };
  std::vector<std::string> policies = names(policy_names());
  policies.emplace_back("all");
  std::string machines;
  for (const std::string_view name : sim::bundled_machine_names()) {
    if (!machines.empty()) machines += ", ";
    machines += name;
  }
  command.text("--machine", options->machine, "a machine file, or " + machines);
  command.texts("--workload", options->workloads, "one or more, with commas",
                names(workload_names()));
  command.counts("--tiles", options->tiles, {1, 256},
                 "tiles along a side; one or more, with commas");
  command.count("--tile", options->tile, {1, 65536}, "elements along a side of a tile");
  command.texts("--policy", options->policies, "one or more, with commas, or all", policies);
  command.flag("!--no-transfers", options->transfers, "as if all memory were the host's");
  command.number("--noise", options->noise_percent, 0.0, 200.0,
                 "lognormal spread of tasks' times, in %");
  command.number("--optimize", options->search_seconds, 0.0, 3600.0,
                 "seconds of search for a better course, before the run");
  command.number("--misread", options->misread_percent, 0.0, 100.0,
                 "of tasks' times are told a hundred times too long, in %");
  command.text("--slow", options->slow, "a device that grows slow");
  command.number("--slow-by", options->slow_factor, 1.0, 1000.0, "times as long as before");
  command.number("--slow-from", options->slow_from_percent, 0.0, 100.0,
                 "when, in % of a run without noise");
  command.count("--runs", options->runs, {1, 1000},
                "of each plan, one after another: the last one counts");
  command.count("--seeds", options->seeds, {1, 1000}, "runs of each, with other noise");
  command.flag("--estimate", options->estimate,
               "a kernel without costs takes what gemm does, flop for flop");
  command.flag("--cold", options->cold, "the policy knows no kernel's time at the start");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
