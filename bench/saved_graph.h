// A graph kept in a file: tasks that take a while, and what they touch. docs/bench.md has the
// format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/device/kernel.h"

namespace troika::bench {

struct SavedGraph {
  struct Buffer {
    std::string name;
    std::size_t bytes = 0;
  };
  struct Use {
    Access access = Access::read;
    std::size_t buffer = 0;
  };
  struct Task {
    std::string kernel;
    double micros = 0;
    std::vector<Use> uses;
    std::vector<std::uint32_t> after;  // earlier tasks
  };

  std::vector<Buffer> buffers;
  std::vector<Task> tasks;
  std::vector<std::string> notes;  // what of the file it leaves out
};

// Our own format, or a trace that Troika wrote: its tasks with the times they took, each lane's in
// their order. Code::invalid_argument names the file and the line or field.
Result<SavedGraph> read_graph(const std::string& path);

}  // namespace troika::bench
