// A runtime that runs graphs of empty tasks, as the benchmarks of overhead see it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/overhead_graphs.h"
#include "bench/tiles.h"
#include "runtime/base/result.h"

namespace troika::bench {

// One graph, built by the runtime that holds it.
class BuiltGraph {
 public:
  virtual ~BuiltGraph() = default;
  // Runs every task once and returns when all are over.
  virtual void run() = 0;
  // Tasks run since the graph was built, counted by the tasks themselves.
  virtual std::uint64_t tasks_run() const = 0;
  // Nothing where no graph is kept.
  virtual std::optional<std::size_t> bytes() const = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual const char* name() const = 0;
  // Version and settings, and how it differs from the others.
  virtual std::string about() const = 0;
  virtual std::unique_ptr<BuiltGraph> build(const Shape& shape) = 0;
  // Ordered by what its tasks touch: by the runtime, where it infers that.
  virtual std::unique_ptr<BuiltGraph> build_tiles(const TileGraph& graph) {
    return build(by_hand_table(graph));
  }
  virtual bool infers() const { return false; }
  // Its graphs are so many times smaller: it would take too long.
  virtual std::uint32_t scaled_down() const { return 1; }
  // Around what is measured: threads that spin are still while others are.
  virtual void resume() {}
  virtual void pause() {}
};

// Code::unavailable says what is missing.
using MaybePeer = Result<std::unique_ptr<Peer>>;

std::unique_ptr<Peer> make_troika(unsigned threads);
std::unique_ptr<Peer> make_floor(unsigned threads);
std::unique_ptr<Peer> make_onetbb(unsigned threads);
std::unique_ptr<Peer> make_openmp(unsigned threads);
MaybePeer make_taskflow(unsigned threads);
// One in a process: StarPU is initialised once.
MaybePeer make_starpu(unsigned threads);

// All of them; Troika first, then the floor.
struct Entrant {
  const char* name;
  MaybePeer peer;
};
std::vector<Entrant> make_peers(unsigned threads);

}  // namespace troika::bench
