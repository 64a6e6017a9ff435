// A machine, kernels and graphs drawn from a seed.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <vector>

#include "backends/sim/machine.h"
#include "backends/sim/world.h"
#include "runtime/exec/runtime.h"

namespace troika::oracle {

using Word = std::uint32_t;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_{seed} {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool chance(double p) { return static_cast<double>(engine_() % 1'000'000) < p * 1e6; }

 private:
  std::mt19937_64 engine_;
};

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

// A rectangle of words of one of the case's buffers.
struct Piece {
  std::size_t buffer;  // index into the case's buffers, then its scratches
  std::size_t first, cols, rows, pitch;
};

// One task as the serial oracle runs it.
struct Step {
  std::string kernel;
  std::vector<Piece> pieces;
  Word salt;
  std::vector<Step> children;  // of "split"
};

// The same function that the simulated devices run, on plain arrays.
void run_serially(const Step& step, std::vector<std::vector<Word>>& buffers);

struct GraphCase {
  std::vector<Step> steps;           // in program order
  std::vector<std::size_t> scratch;  // words of each scratch
};
GraphCase draw_graph(Random& random, const std::vector<std::size_t>& buffer_words,
                     const std::vector<std::size_t>& pitches, std::size_t tasks, Word& next_salt,
                     bool may_split);

}  // namespace troika::oracle
