// A workload on a simulated machine, run by the production executor and policies.
#pragma once

#include <string>
#include <vector>

#include "backends/sim/machine.h"
#include "bench/saved_graph.h"
#include "runtime/base/ids.h"

namespace troika::bench {

// A machine that knows what every kernel of a workload costs.
struct PricedMachine {
  sim::Machine machine;
  std::vector<std::string> estimated;  // kernels whose costs are no measurements
};

enum class Estimate : std::uint8_t { no, yes };

// Keeps of the machine's costs those of `kernels`, at tiles of that side: measured ones, and
// between two sizes a power law. A device without a row for a kernel cannot run it. Code::not_found
// names a kernel that no device can run; with Estimate::yes it costs what gemm does, flop for flop.
Result<PricedMachine> priced(sim::Machine machine, const std::vector<std::string>& kernels,
                             std::size_t tile, Estimate estimate);
// All kernels that the machine has costs of, in its order.
std::vector<std::string> kernels_of(const sim::Machine& machine);
// The kernels that a graph calls, in its order.
std::vector<std::string> kernels_of(const SavedGraph& graph);
// All memory is the host's: nothing has to move.
sim::Machine without_transfers(sim::Machine machine);

struct SimulationOptions {
  std::string policy = "load_aware";
  std::uint64_t seed = 1;
  double spread = 0;        // lognormal deviation of every task's time
  double misread = 0;       // chance that a task's time is told a hundred times too long
  bool known_costs = true;  // the policy knows the means from the start
  Nanos search{0};          // Plan::optimize()'s budget; 0: none
  unsigned runs = 1;        // one after another: the result is the last one's
  std::string slow;         // the device whose tasks take `slow_factor` times as long; none: empty
  double slow_factor = 1;
  Nanos slow_from{0};  // after the start
};

struct SimulatedTask {
  TaskIndex task;
  LaneId lane;
  Nanos begin{0}, end{0};
};

struct Simulation {
  Nanos makespan{0};
  // No schedule is shorter: the longest path, or the area where every device is always busy.
  Nanos lower_bound{0};
  // For each task, what the policy spent since the one before was placed.
  std::vector<double> decision_ns;
  std::vector<SimulatedTask> tasks;  // in the order of their ends
  std::vector<std::string> lanes;    // their devices' names
  std::uint64_t bytes_copied = 0;
};

// Throws Error, or std::runtime_error for what the simulator objects to.
Simulation simulate(const PricedMachine& priced, const SavedGraph& graph,
                    const SimulationOptions& options);

}  // namespace troika::bench
