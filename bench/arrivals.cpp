#include "bench/arrivals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "backends/sim/rng.h"
#include "bench/simulated_runtime.h"
#include "runtime/sched/prices.h"

namespace troika::bench {
namespace {

constexpr unsigned kernels = 10, graphs = 8, cores = 8;
constexpr double core_micros = 2000, spread_of_kernels = 0.6, spread_of_speeds = 0.8;
constexpr double gpu_speed = 5, fpga_speed = 4;

struct Promise {
  double share;   // of the arrivals
  double factor;  // of the longest path
};
constexpr std::array promises{Promise{0.3, 3}, Promise{0.5, 6}, Promise{0.2, 20}};
constexpr Nanos allowance{1'000'000};

std::string kernel_name(unsigned number) { return "k" + std::to_string(number); }

void add_device(sim::Machine& machine, const std::string& name, DeviceKind kind, unsigned count) {
  sim::MachineDevice device;
  device.name = device.costs = name;
  device.kind = kind;
  device.count = count;
  device.is_host = kind == DeviceKind::cpu;
  machine.devices.push_back(device);
}

sim::Machine make_machine(sim::Rng& rng) {
  sim::Machine machine;
  machine.name = "arrivals";
  add_device(machine, "cpu", DeviceKind::cpu, cores);
  add_device(machine, "gpu", DeviceKind::gpu, 1);
  add_device(machine, "fpga", DeviceKind::fpga, 1);
  for (unsigned k = 0; k < kernels; ++k) {
    const double on_core = core_micros * std::exp(spread_of_kernels * rng.normal());
    const double on_gpu = on_core / (gpu_speed * std::exp(spread_of_speeds * rng.normal()));
    const double on_fpga = on_core / (fpga_speed * std::exp(spread_of_speeds * rng.normal()));
    const auto cost = [&](const char* device, double micros) {
      machine.costs.push_back(
          {kernel_name(k), device, 0, from_seconds(micros * 1e-6), Nanos{0}, 0});
    };
    cost("cpu", on_core);
    if (k % 5 != 4) cost("gpu", on_gpu);
    if (k % 2 == 0) cost("fpga", on_fpga);
  }
  return machine;
}

SavedGraph make_graph(sim::Rng& rng) {
  SavedGraph graph;
  const auto tasks = static_cast<std::uint32_t>(3 + rng.below(6));
  for (std::uint32_t t = 0; t < tasks; ++t) {
    SavedGraph::Task task;
    task.kernel = kernel_name(static_cast<unsigned>(rng.below(kernels)));
    const auto earlier = [&] { return static_cast<std::uint32_t>(rng.below(t)); };
    if (t > 0) task.after.push_back(rng.chance(2.0 / 3) ? t - 1 : earlier());
    if (t > 1 && t % 4 == 3) {
      const std::uint32_t second = earlier();
      if (second != task.after.front()) task.after.push_back(second);
    }
    graph.tasks.push_back(std::move(task));
  }
  return graph;
}

// By device; infinite where there is no cost.
std::vector<double> nanos_of(const sim::Machine& machine, const std::string& kernel) {
  std::vector<double> nanos(machine.devices.size(), std::numeric_limits<double>::infinity());
  for (std::size_t d = 0; d < nanos.size(); ++d)
    for (const sim::KernelCost& cost : machine.costs)
      if (cost.kernel == kernel && cost.costs == machine.devices[d].costs)
        nanos[d] = static_cast<double>(cost.mean.count());
  return nanos;
}

Nanos longest_path(const sim::Machine& machine, const SavedGraph& graph) {
  std::vector<double> end(graph.tasks.size());
  for (std::size_t t = 0; t < end.size(); ++t) {
    double begin = 0;
    for (const std::uint32_t earlier : graph.tasks[t].after) begin = std::max(begin, end[earlier]);
    end[t] = begin + std::ranges::min(nanos_of(machine, graph.tasks[t].kernel));
  }
  return Nanos{static_cast<Nanos::rep>(std::ranges::max(end))};
}

// All graphs arrive as often as one another.
Nanos area_of_one(const Mix& mix) {
  std::map<std::string, double> tasks;
  for (const SavedGraph& graph : mix.graphs)
    for (const SavedGraph::Task& task : graph.tasks) tasks[task.kernel] += 1;
  std::vector<AlikeTasks> work;
  for (const auto& [kernel, count] : tasks)
    work.push_back({nanos_of(mix.machine, kernel), count / static_cast<double>(graphs)});
  std::vector<unsigned> lanes;
  for (const sim::MachineDevice& device : mix.machine.devices) lanes.push_back(device.count);
  return Nanos{static_cast<Nanos::rep>(find_prices(work, lanes).area_nanos)};
}

double draw_factor(sim::Rng& rng) {
  double left = rng.unit();
  for (const Promise& promise : promises) {
    if (left < promise.share) return promise.factor;
    left -= promise.share;
  }
  return promises.back().factor;
}

}  // namespace

Mix make_mix(std::uint64_t seed) {
  sim::Rng rng = sim::Rng{seed}.fork("mix");
  Mix mix;
  mix.machine = make_machine(rng);
  for (unsigned g = 0; g < graphs; ++g) {
    mix.graphs.push_back(make_graph(rng));
    mix.longest_paths.push_back(longest_path(mix.machine, mix.graphs.back()));
  }
  mix.between = area_of_one(mix);
  return mix;
}

std::vector<Arrival> make_arrivals(const Mix& mix, double load, std::size_t count,
                                   std::uint64_t seed) {
  sim::Rng rng = sim::Rng{seed}.fork("arrivals");
  std::vector<Arrival> arrivals;
  double seconds = 0;
  for (std::size_t i = 0; i < count; ++i) {
    seconds += -std::log(1 - rng.unit()) * to_seconds(mix.between) / load;
    const std::size_t graph = rng.index(mix.graphs.size());
    const double limit = draw_factor(rng) * to_seconds(mix.longest_paths[graph]);
    arrivals.push_back({from_seconds(seconds), graph, from_seconds(limit) + allowance});
  }
  return arrivals;
}

Served serve(const Mix& mix, const std::vector<Arrival>& arrivals, const Serving& options) {
  SimulationOptions simulation;
  simulation.policy = options.policy;
  simulation.seed = options.seed;
  simulation.spread = options.spread;
  SimulatedRuntime simulated{mix.machine, mix.graphs, simulation, nullptr};
  std::vector<Plan> plans;
  for (const SavedGraph& graph : mix.graphs) {
    plans.push_back(simulated.compile(graph));
    plans.back().set_run_slots(static_cast<std::uint32_t>(arrivals.size()));
  }
  std::vector<std::optional<Run>> runs(arrivals.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i)
    simulated.world().at(arrivals[i].at, [&, i] {
      RunOptions wanted;
      wanted.deadline = arrivals[i].deadline;
      wanted.refuse_late = options.admission;
      runs[i] = simulated.runtime().run(plans[arrivals[i].graph], {}, wanted);
    });
  simulated.world().run_until(arrivals.back().at);
  Served served;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    const Status outcome = runs[i]->status();
    if (outcome.code() == Code::exhausted) {
      ++served.refused;
      continue;
    }
    throw_if_failed(outcome);
    const Nanos took = runs[i]->makespan();
    served.latency_ms.push_back(1e3 * to_seconds(took));
    if (took <= arrivals[i].deadline) ++served.in_time;
  }
  simulated.check();
  return served;
}

}  // namespace troika::bench
