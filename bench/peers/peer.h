// A runtime that runs graphs of empty tasks, as the overhead benchmark sees it.
#pragma once

#include <memory>

#include "bench/overhead_graphs.h"

namespace troika::bench {

// One graph, built by the runtime that holds it.
class BuiltGraph {
 public:
  virtual ~BuiltGraph() = default;
  // Runs every task once and returns when all are over.
  virtual void run() = 0;
  // Tasks run since the graph was built, counted by the tasks themselves.
  virtual std::uint64_t tasks_run() const = 0;
  virtual std::size_t bytes() const = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual const char* name() const = 0;
  virtual std::unique_ptr<BuiltGraph> build(const Shape& shape) = 0;
};

std::unique_ptr<Peer> make_troika(unsigned threads);
std::unique_ptr<Peer> make_floor(unsigned threads);
std::unique_ptr<Peer> make_onetbb(unsigned threads);

}  // namespace troika::bench
