// The host part of a plan: tasks and edges as flat arrays, shared by any number of runs at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/result.h"

namespace troika {

enum class LaneClass : std::uint8_t { low, normal, high };
inline constexpr unsigned lane_classes = 3;

struct LaneEdge {
  std::uint32_t from, to;
};

// A task as its predecessors see it: index, priority class, and whether it waits for nobody else,
// so that it needs no counting.
struct LaneLink {
  static constexpr std::uint32_t index_mask = (1u << 29) - 1;
  static constexpr std::uint32_t sole = 1u << 29;
  static constexpr unsigned class_shift = 30;
  static constexpr std::uint32_t none = ~0u;

  static constexpr std::uint32_t task(std::uint32_t link) noexcept { return link & index_mask; }
  static constexpr unsigned class_of(std::uint32_t link) noexcept { return link >> class_shift; }
};

// Immutable. Tasks are numbered from 0; one more, `root()`, precedes those that have no
// predecessor.
class LaneGraph {
 public:
  static constexpr std::uint32_t tasks_max = LaneLink::index_mask - 1;
  // Successors of a task with more of them are grouped, those that are ready at once by class, so
  // that they become ready as ranges.
  static constexpr std::uint32_t narrow_max = 16;

  // Edges may come in any order and repeat; a task's successors are released in the order of its
  // edges, the first of the highest class by the same worker without a detour. `classes` has one
  // entry per task, or none: then all are normal. The edges form no cycle: with one, a run would
  // never be over. Code::out_of_range for an edge to a task that does not exist,
  // Code::invalid_argument for a wrong number of classes, Code::exhausted beyond tasks_max.
  static Result<LaneGraph> make(std::uint32_t tasks, std::span<const LaneEdge> edges,
                                std::span<const LaneClass> classes = {});

  std::uint32_t tasks() const noexcept { return tasks_; }
  std::uint32_t root() const noexcept { return tasks_; }
  std::uint32_t predecessors(std::uint32_t task) const noexcept { return predecessors_[task]; }

  // Links to the successors of `task` are successors()[first()[task]] to [first()[task + 1]].
  const std::uint32_t* first() const noexcept { return first_.data(); }
  const std::uint32_t* successors() const noexcept { return successors_.data(); }

  std::size_t bytes() const noexcept;

 private:
  LaneGraph() = default;

  std::uint32_t tasks_ = 0;
  std::vector<std::uint32_t> first_;         // tasks + 2
  std::vector<std::uint32_t> successors_;    // links
  std::vector<std::uint32_t> predecessors_;  // tasks
};

}  // namespace troika
