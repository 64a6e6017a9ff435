#include "runtime/sched/prices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace troika {
namespace {

// Exponentiated gradient: Kivinen and Warmuth, "Exponentiated gradient versus gradient descent for
// linear predictors", 1997.
constexpr int steps = 1500;
constexpr double first_step = 0.5, step_decay = 0.02;
constexpr double not_able = std::numeric_limits<double>::infinity();

// Tasks that cost the same on every device.
struct Alike {
  std::vector<double> nanos;  // by device
  double tasks = 0;
};

std::vector<Alike> group(const TaskGraph& graph, const TaskCosts& costs,
                         std::span<const unsigned> lanes) {
  std::map<std::vector<double>, double> tasks_by_row;
  std::vector<double> row(lanes.size());
  for (std::uint32_t t = 0; t < graph.size(); ++t) {
    for (std::uint32_t d = 0; d < row.size(); ++d) {
      const auto time = lanes[d] == 0 ? std::nullopt : costs.time(TaskIndex{t}, DeviceId{d});
      row[d] = time ? static_cast<double>(time->count()) : not_able;
    }
    if (std::any_of(row.begin(), row.end(), [](double nanos) { return nanos != not_able; }))
      tasks_by_row[row] += 1;
  }
  std::vector<Alike> result;
  for (const auto& [nanos, tasks] : tasks_by_row) result.push_back({nanos, tasks});
  return result;
}

// The area at these prices; `load`: the work that goes to each device then, as time of all its
// lanes.
double total_area(const std::vector<Alike>& groups, const std::vector<double>& by_device,
                  std::span<const unsigned> lanes, std::vector<double>& load) {
  load.assign(lanes.size(), 0);
  double area = 0;
  for (const Alike& alike : groups) {
    std::size_t cheapest = 0;
    double least = not_able;
    for (std::size_t d = 0; d < lanes.size(); ++d) {
      if (alike.nanos[d] == not_able || alike.nanos[d] * by_device[d] >= least) continue;
      cheapest = d;
      least = alike.nanos[d] * by_device[d];
    }
    area += alike.tasks * least;
    load[cheapest] += alike.tasks * alike.nanos[cheapest] / lanes[cheapest];
  }
  return area;
}

}  // namespace

Prices find_prices(const TaskGraph& graph, const TaskCosts& costs,
                   std::span<const unsigned> lanes) {
  const std::vector<Alike> groups = group(graph, costs, lanes);
  const auto used = static_cast<double>(
      std::count_if(lanes.begin(), lanes.end(), [](unsigned count) { return count != 0; }));
  if (used == 0) return {std::vector<double>(lanes.size()), 0};
  // Of all lanes of a device together: these add up to 1.
  std::vector<double> share(lanes.size()), by_device(lanes.size()), load;
  for (std::size_t d = 0; d < lanes.size(); ++d) share[d] = lanes[d] == 0 ? 0 : 1 / used;
  Prices best;
  for (int step = 0; step < steps; ++step) {
    for (std::size_t d = 0; d < lanes.size(); ++d)
      by_device[d] = lanes[d] == 0 ? 0 : share[d] / lanes[d];
    const double area = total_area(groups, by_device, lanes, load);
    if (best.by_device.empty() || area > best.area_nanos) best = {by_device, area};
    const double most = *std::max_element(load.begin(), load.end());
    if (most == 0 || used == 1) break;
    const double length = first_step / (1 + step_decay * step);
    double sum = 0;
    for (std::size_t d = 0; d < lanes.size(); ++d)
      sum += share[d] *= std::exp(length * load[d] / most);
    for (double& each : share) each /= sum;
  }
  return best;
}

double area_of(TaskIndex task, const TaskCosts& costs, std::span<const double> by_device) {
  double least = not_able;
  for (std::uint32_t d = 0; d < by_device.size(); ++d)
    if (const auto time = costs.time(task, DeviceId{d}))
      least = std::min(least, by_device[d] * static_cast<double>(time->count()));
  return least == not_able ? 0 : least;
}

}  // namespace troika
