#include "runtime/sched/prices.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace troika {
namespace {

// Exponentiated gradient: Kivinen and Warmuth, "Exponentiated gradient versus gradient descent for
// linear predictors", 1997.
constexpr int steps = 1500;
constexpr double first_step = 0.5, step_decay = 0.02;
constexpr double not_able = std::numeric_limits<double>::infinity();

}  // namespace

double find_area(std::span<const AlikeTasks> work, std::span<const double> by_device,
                 std::span<const unsigned> lanes, std::vector<double>& load) {
  load.assign(lanes.size(), 0);
  double area = 0;
  for (const AlikeTasks& alike : work) {
    std::size_t cheapest = 0;
    double least = not_able;
    for (std::size_t d = 0; d < lanes.size(); ++d) {
      if (lanes[d] == 0 || alike.nanos[d] == not_able || alike.nanos[d] * by_device[d] >= least)
        continue;
      cheapest = d;
      least = alike.nanos[d] * by_device[d];
    }
    if (least == not_able) continue;
    area += alike.tasks * least;
    load[cheapest] += alike.tasks * alike.nanos[cheapest] / lanes[cheapest];
  }
  return area;
}

Prices find_prices(std::span<const AlikeTasks> work, std::span<const unsigned> lanes) {
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
    const double area = find_area(work, by_device, lanes, load);
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

Prices find_prices(const TaskGraph& graph, const TaskCosts& costs,
                   std::span<const unsigned> lanes) {
  return find_prices(alike_tasks(graph, costs, lanes), lanes);
}

std::vector<AlikeTasks> alike_tasks(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const unsigned> lanes) {
  struct Row {
    CostKey key;
    std::vector<double> nanos;
    auto sorted_by() const { return std::tie(key.kernel.value, key.bytes, nanos); }
    bool operator<(const Row& other) const { return sorted_by() < other.sorted_by(); }
  };
  std::map<Row, double> tasks_by_row;
  std::vector<double> row(lanes.size());
  for (std::uint32_t t = 0; t < graph.size(); ++t) {
    for (std::uint32_t d = 0; d < row.size(); ++d) {
      const auto time = lanes[d] == 0 ? std::nullopt : costs.time(TaskIndex{t}, DeviceId{d});
      row[d] = time ? static_cast<double>(time->count()) : not_able;
    }
    if (std::any_of(row.begin(), row.end(), [](double nanos) { return nanos != not_able; }))
      tasks_by_row[{costs.key(TaskIndex{t}), row}] += 1;
  }
  std::vector<AlikeTasks> result;
  for (const auto& [each, tasks] : tasks_by_row) result.push_back({each.nanos, tasks, each.key});
  return result;
}

double area_of(TaskIndex task, const TaskCosts& costs, std::span<const double> by_device) {
  double least = not_able;
  for (std::uint32_t d = 0; d < by_device.size(); ++d)
    if (const auto time = costs.time(task, DeviceId{d}))
      least = std::min(least, by_device[d] * static_cast<double>(time->count()));
  return least == not_able ? 0 : least;
}

}  // namespace troika
