// A machine drawn from a seed, and the kernels of drawn graphs on it.
#pragma once

#include <functional>
#include <set>

#include "backends/sim/machine.h"
#include "backends/sim/world.h"
#include "runtime/exec/runtime.h"
#include "tests/sim/graph_case.h"

namespace troika::oracle {

// Cores, and up to three accelerators: with memory of their own, tight or not, or within the
// host's.
sim::Machine draw_machine(Random& random, bool tight);

// The kernels: each output word depends on every word it reads, its old value and the salt.
struct Kernels {
  // `spawned(salt)` makes the sub-graph of a task of kernel "split". Calls on the host's own bytes,
  // past its queues, are told to `world` as what its own code does; those whose salt is in `throws`
  // do their work and then fail.
  static void define(KernelRegistry& registry, sim::World& world,
                     std::function<void(TaskContext&, Word salt)> spawned,
                     const std::set<Word>& throws);
};

}  // namespace troika::oracle
