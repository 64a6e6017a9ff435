// A graph checked against its kernels and laid out for replay. Immutable; shared by any number of
// runs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/graph/kernel_registry.h"

namespace troika {

class TaskGraph {
 public:
  struct Task {
    std::uint32_t operation;  // index into operations()
    std::uint32_t options;
    std::uint32_t predecessors;  // how many
    // Where its own begin, and so where those of the task before it end.
    std::uint32_t first_arg, first_successor;
  };
  // An access that may have to wait for earlier runs (entry), or that later runs may have to wait
  // for (exit): at or before the first write of some byte, at or after the last.
  struct Boundary {
    TaskIndex task;
    std::uint32_t slot;
    Access access;
    Region region;
  };

  // Code::not_found for an unknown kernel; Code::invalid_argument for arguments that do not fit it
  // or a cycle made by after(); Code::out_of_range for a view beyond its buffer. Every message
  // names the task.
  static Result<std::shared_ptr<const TaskGraph>> compile(const Graph& graph,
                                                          const KernelRegistry& registry);
  // For operations whose parameters are whatever a graph passes: the executor's own.
  static Result<std::shared_ptr<const TaskGraph>> compile_unchecked(const Graph& graph,
                                                                    const KernelRegistry& registry);

  std::span<const Arg> all_args() const noexcept { return args_; }
  std::size_t bytes() const noexcept;
  std::size_t size() const noexcept { return tasks_.size() - 1; }
  const Task& task(TaskIndex index) const noexcept { return tasks_[index.value]; }
  std::span<const Arg> args(TaskIndex index) const noexcept { return args_of(index, args_); }
  // Of a task, in other arguments than the graph's own.
  std::span<const Arg> args_of(TaskIndex index, std::span<const Arg> all) const noexcept {
    const Task* const task = &tasks_[index.value];
    return all.subspan(task[0].first_arg, task[1].first_arg - task[0].first_arg);
  }
  std::span<const std::uint32_t> successors(TaskIndex index) const noexcept {
    const Task* const task = &tasks_[index.value];
    return {successors_.data() + task[0].first_successor,
            successors_.data() + task[1].first_successor};
  }
  // Those that its tasks name, each once.
  const std::vector<const Operation*>& operations() const noexcept { return operations_; }
  const Operation& operation(TaskIndex index) const noexcept {
    return *operations_[tasks_[index.value].operation];
  }
  const TaskOptions& options(TaskIndex index) const noexcept {
    return options_[tasks_[index.value].options];
  }
  const std::vector<Storage>& slots() const noexcept { return slots_; }
  // Tasks in an order in which every edge points forward.
  const std::vector<std::uint32_t>& order() const noexcept { return order_; }
  const std::vector<Boundary>& entries() const noexcept { return entries_; }
  const std::vector<Boundary>& exits() const noexcept { return exits_; }
  // Bytes of each slot that views reach, from its start.
  const std::vector<std::size_t>& reach() const noexcept { return reach_; }
  const std::vector<std::size_t>& slot_pitch() const noexcept { return slot_pitch_; }
  const std::vector<bool>& slot_written() const noexcept { return slot_written_; }
  // "task 3 (blur)" or "task 3 (blur: left half)".
  std::string name_of(TaskIndex index) const;

 private:
  enum class Params : std::uint8_t { fixed, any };
  static Result<std::shared_ptr<const TaskGraph>> compile(const Graph& graph,
                                                          const KernelRegistry& registry,
                                                          Params params);
  Status check(const Graph& graph, const KernelRegistry& registry, Params params);
  Status connect(const Graph& graph);
  void find_boundaries();

  std::vector<const Operation*> operations_;
  std::vector<Task> tasks_;  // and one more, where the last one's end
  std::vector<Arg> args_;
  std::vector<std::uint32_t> successors_;
  std::vector<TaskOptions> options_;
  std::vector<Storage> slots_;
  std::vector<std::uint32_t> order_;
  std::vector<Boundary> entries_, exits_;
  std::vector<std::size_t> reach_;
  std::vector<std::size_t> slot_pitch_;
  std::vector<bool> slot_written_;
};

}  // namespace troika
