// What a running host kernel may ask of the runtime.
#pragma once

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace troika {

class Graph;
class RuntimeCore;
struct RunState;

// Passed to host functions that take a TaskContext& in front of their arguments. Valid during the
// call; any thread of the kernel's own may use it.
class TaskContext {
 public:
  TaskContext() = default;
  TaskContext(RuntimeCore& core, RunState& run, TaskIndex task) noexcept
      : core_{&core}, run_{&run}, task_{task} {}

  // Submits a sub-graph, which joins this task: the task is over when its kernel has returned and
  // every sub-graph of it is over, and fails if one of them fails. What the graph touches must be
  // covered by this task's own arguments or be scratch. Throws troika::Error.
  void submit(const Graph& graph);
  // For the same task of another run of its plan.
  TaskContext of(RunState& run) const noexcept { return {*core_, run, task_}; }
  // Whether the run was cancelled: a long kernel may look and return early.
  bool cancelled() const noexcept;

 private:
  RuntimeCore* core_ = nullptr;
  RunState* run_ = nullptr;
  TaskIndex task_;
};

}  // namespace troika
