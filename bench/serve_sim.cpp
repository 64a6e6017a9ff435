// troika-bench serve-sim: small graphs with deadlines arrive at random, by policy.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/arrivals.h"
#include "bench/bench.h"
#include "examples/progress.h"
#include "runtime/sched/policy.h"

namespace troika::bench {
namespace {

struct Options {
  std::vector<std::string> policies{"affinity_pull"};
  std::vector<std::uint32_t> loads{80};
  std::size_t arrivals = 3000;
  unsigned seeds = 5;
  double noise_percent = 10;
  bool admission = false;
};

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double at = share * static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::lround(at))];
}

std::vector<Cell> measure(const Options& options, const std::string& policy, std::uint32_t load) {
  std::vector<double> attained, refused, mean, p50, p95, p99;
  for (unsigned seed = 1; seed <= options.seeds; ++seed) {
    const Mix mix = make_mix(seed);
    const auto arrivals = make_arrivals(mix, load / 100.0, options.arrivals, seed);
    Served served =
        serve(mix, arrivals, {policy, seed, options.noise_percent / 100, options.admission});
    const auto all = static_cast<double>(arrivals.size());
    attained.push_back(static_cast<double>(served.in_time) / all);
    refused.push_back(static_cast<double>(served.refused) / all);
    std::vector<double>& took = served.latency_ms;
    std::ranges::sort(took);
    mean.push_back(took.empty() ? 0
                                : std::accumulate(took.begin(), took.end(), 0.0) /
                                      static_cast<double>(took.size()));
    p50.push_back(percentile(took, 0.5));
    p95.push_back(percentile(took, 0.95));
    p99.push_back(percentile(took, 0.99));
  }
  const auto average = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  return {policy,        load / 100.0, average(attained), average(refused),
          average(mean), average(p50), average(p95),      average(p99)};
}

Report measure(const Options& options) {
  Report report;
  report.title = "Arrivals with deadlines on a simulated machine";
  report.tables = {{"rows",
                    "Means of " + std::to_string(options.seeds) + " workloads of " +
                        std::to_string(options.arrivals) + " graphs",
                    {{"policy", "policy", ""},
                     {"load", "load", "", 2},
                     {"attained", "in time", "of all", 3, true},
                     {"refused", "refused", "of all", 3},
                     {"mean_ms", "mean", "ms", 2},
                     {"p50_ms", "P50", "ms", 2},
                     {"p95_ms", "P95", "ms", 2},
                     {"p99_ms", "P99", "ms", 2}},
                    {}}};
  Progress progress{static_cast<int>(options.loads.size() * options.policies.size())};
  for (const std::uint32_t load : options.loads)
    for (const std::string& policy : options.policies) {
      progress.step(policy + " at " + std::to_string(load) + " %");
      report.tables[0].rows.push_back(measure(options, policy, load));
    }
  report.notes.push_back("the production executor and policies on a simulated clock");
  report.notes.push_back(
      "load 1: as many arrivals as keep all workers busy, every task where it is worth most");
  if (options.admission)
    report.notes.push_back("graphs that could not meet their deadlines were refused at once");
  return report;
}

}  // namespace

Subcommand serve_sim(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "serve-sim", "Arrivals with deadlines on a simulated machine, by policy."};
  const auto names = policy_names();
  command.texts("--policy", options->policies, "one or more, with commas",
                {names.begin(), names.end()});
  command.counts("--load", options->loads, {1, 1000},
                 "in % of what keeps all workers busy; one or more, with commas");
  command.count("--arrivals", options->arrivals, {1, 1'000'000}, "graphs of one workload");
  command.count("--seeds", options->seeds, {1, 1000},
                "workloads, of other kernels and graphs each");
  command.number("--noise", options->noise_percent, 0.0, 200.0,
                 "lognormal spread of tasks' times, in %");
  command.flag("--admission", options->admission,
               "what cannot meet its deadline is refused at once");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
