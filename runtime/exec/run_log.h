// The runs under a trace and their graphs, which a report needs beside the events.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/exec/run_state.h"
#include "runtime/trace/trace.h"

namespace troika {

// Keeps graphs alive, and nothing that a graph names. The strand only.
class RunLog {
 public:
  struct Graph {
    std::shared_ptr<const TaskGraph> graph;
    // By the operations of the graph, then by device: why it has no implementation there.
    std::map<const Operation*, std::vector<Status>> why;
  };
  struct Entry {
    RunId run;
    std::shared_ptr<const Graph> graph;
    Nanos submitted{0}, finished{0};  // not over: 0
    Status outcome;
  };
  struct Snapshot {
    std::vector<Entry> runs;      // by admission
    std::uint64_t forgotten = 0;  // for want of room
  };

  explicit RunLog(const TraceOptions& options);

  // Host accesses are left out.
  void admitted(const RunState& run);
  void over(const RunState& run);
  Snapshot snapshot() const { return {{runs_.begin(), runs_.end()}, forgotten_}; }

 private:
  struct Kept {
    std::shared_ptr<const Graph> graph;
    std::size_t runs = 0;
  };
  void forget_oldest();

  const std::size_t runs_max_, tasks_max_;
  std::deque<Entry> runs_;
  std::map<const TaskGraph*, Kept> graphs_;  // of those runs
  std::size_t tasks_ = 0;                    // of those graphs
  std::uint64_t forgotten_ = 0;
};

}  // namespace troika
