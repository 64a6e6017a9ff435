// What a policy would make of a graph on given lanes if every prediction came true.
#pragma once

#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/policy.h"
#include "runtime/sched/task_costs.h"

namespace troika {

struct ForecastLane {
  DeviceId device;
  std::vector<LaneId> shares_cores_with;
  double cores_taken = 1;  // as LaneView's; `costs` contain it
};

struct ForecastOptions {
  Nanos task_overhead{0};  // on the lane, beside each task's time
  // How much longer a task takes while all lanes that share its lane's cores are busy; in
  // proportion while some are. Observed times usually contain it already.
  double shared_slow_down = 1.0;
  const Outlook* outlook = nullptr;  // for a policy that looks ahead; null: nothing is known
};

struct Forecast {
  struct Placement {
    LaneId lane;
    Nanos begin{0}, end{0};
  };
  Nanos makespan{0};
  std::vector<Placement> tasks;             // by TaskIndex
  std::vector<std::size_t> tasks_per_lane;  // by LaneId
};

// Drives `policy`, an instance of the caller's that serves nothing else, from time 0 with idle
// lanes. A lane that the policy leaves idle while nothing runs is given the first able task, as the
// executor does. Transfers are left out, and no kernel needs exploring.
// Code::unavailable names a task that no lane can run.
Result<Forecast> forecast(const TaskGraph& graph, const TaskCosts& costs,
                          std::span<const ForecastLane> lanes, Policy& policy,
                          const ForecastOptions& options = {});

}  // namespace troika
