// What the time of each device is worth to a graph, and how soon the graph can be over at best.
#pragma once

#include <span>
#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/task_costs.h"

namespace troika {

// Of a nanosecond of one lane, by device: a task costs least where its time there times the
// device's price is least. The prices of all lanes add up to 1.
struct Prices {
  std::vector<double> by_device;
  // Of all tasks, each where it costs least. No schedule is shorter, whatever the prices: it has so
  // much of every lane at most.
  double area_nanos = 0;
};

// Tasks of one kernel and size, which cost the same on every device.
struct AlikeTasks {
  std::vector<double> nanos;  // by device; infinite where it cannot run
  double tasks = 0;           // how many; of a mix of graphs, how many of each on the average
  CostKey key{};
};

// The prices that make the area largest, nearly: dual ascent on the linear program that divides
// the tasks among the devices without regard to their order. `lanes`: by device. A task that no
// device can run costs nothing.
Prices find_prices(std::span<const AlikeTasks> work, std::span<const unsigned> lanes);
Prices find_prices(const TaskGraph& graph, const TaskCosts& costs, std::span<const unsigned> lanes);
// Sorted by key.
std::vector<AlikeTasks> alike_tasks(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const unsigned> lanes);

// The area at these prices. `load`: the work that goes to each device then, as time of all its
// lanes.
double find_area(std::span<const AlikeTasks> work, std::span<const double> by_device,
                 std::span<const unsigned> lanes, std::vector<double>& load);

// What the task adds to the area: nanoseconds where it costs least.
double area_of(TaskIndex task, const TaskCosts& costs, std::span<const double> by_device);

}  // namespace troika
