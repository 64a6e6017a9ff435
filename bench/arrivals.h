// Small graphs that arrive at random and are to be over by a deadline.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/sim/machine.h"
#include "bench/saved_graph.h"

namespace troika::bench {

// Eight cores, a GPU and an FPGA in one memory, and eight graphs of three to eight tasks. Ten
// kernels: on a core they take 2 ms times e^(0.6 n), the GPU is 5 e^(0.8 n) times as fast and the
// FPGA 4 e^(0.8 n) times, each with an n of its own, standard normal; two kernels run on no GPU and
// five on no FPGA. Each task follows the one before it (two in three) or any earlier one, every
// fourth has a second predecessor.
struct Mix {
  sim::Machine machine;
  std::vector<SavedGraph> graphs;
  std::vector<Nanos> longest_paths;  // of each graph, every task where it is fastest
  Nanos between{0};                  // arrivals, all workers busy with what they do best
};

Mix make_mix(std::uint64_t seed);

struct Arrival {
  Nanos at{0};
  std::size_t graph = 0;
  Nanos deadline{0};  // after it
};

// A Poisson process. Deadlines: 3, 6 or 20 times the longest path (30, 50 and 20 %), and 1 ms.
std::vector<Arrival> make_arrivals(const Mix& mix, double load, std::size_t count,
                                   std::uint64_t seed);

struct Serving {
  std::string policy = "affinity_pull";
  std::uint64_t seed = 1;
  double spread = 0.1;     // lognormal deviation of every task's time
  bool admission = false;  // what cannot meet its deadline is refused
};

struct Served {
  std::size_t refused = 0, in_time = 0;
  std::vector<double> latency_ms;  // of those that were not refused
};

// The production executor and policy on a simulated clock. Throws Error.
Served serve(const Mix& mix, const std::vector<Arrival>& arrivals, const Serving& options);

}  // namespace troika::bench
