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
    const Operation* operation;
    std::uint32_t first_arg, arg_count;
    std::uint32_t first_successor, successor_count;
    std::uint32_t predecessors;
    std::uint32_t options;
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
  std::size_t size() const noexcept { return tasks_.size(); }
  const Task& task(TaskIndex index) const noexcept { return tasks_[index.value]; }
  std::span<const Arg> args(TaskIndex index) const noexcept {
    return {args_.data() + tasks_[index.value].first_arg, tasks_[index.value].arg_count};
  }
  std::span<const std::uint32_t> successors(TaskIndex index) const noexcept {
    return {successors_.data() + tasks_[index.value].first_successor,
            tasks_[index.value].successor_count};
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

  std::vector<Task> tasks_;
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
