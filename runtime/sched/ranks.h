// How far each task is from the end of its graph.
#pragma once

#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/task_costs.h"

namespace troika {

// By task: the longest path from its start to the end of the graph when every task takes what it
// takes on its fastest able device; transfers are left out. A task that no device can run counts
// for nothing.
std::vector<Nanos> ranks(const TaskGraph& graph, const TaskCosts& costs);

}  // namespace troika
