// How a graph goes if it is settled which device does each task, and what goes before what there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/outlook.h"
#include "runtime/sched/task_costs.h"

namespace troika {

// A graph and its costs laid out flat, to be asked thousands of times. Devices at which every task
// takes nearly the same are one group; a group takes, whenever a lane of it is free, its ready task
// of the earliest turn. Transfers are left out. One thread at a time.
class ListSchedule {
 public:
  struct Choice {
    std::vector<std::uint32_t> group;  // by task
    std::vector<double> turn;          // beside it, smaller is earlier
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // `lanes`: by device.
  ListSchedule(const TaskGraph& graph, const TaskCosts& costs, std::span<const unsigned> lanes);

  std::size_t tasks() const noexcept { return tasks_; }
  std::size_t groups() const noexcept { return lanes_.size(); }
  std::uint32_t group_of(DeviceId device) const noexcept { return group_of_[device.value]; }
  bool able(std::uint32_t task, std::uint32_t group) const noexcept {
    return nanos(task, lanes_[group].front()) > 0;
  }
  // The makespan in nanoseconds. Every task has to be able in its group.
  double run(const Choice& choice);

  // Of the latest run: the task whose end let this one begin, a predecessor or who had the lane
  // before; none at first.
  std::uint32_t cause(std::uint32_t task) const noexcept { return cause_[task]; }
  // The one that ended last.
  std::uint32_t last() const noexcept { return last_; }
  // Which device of its group did each task, and when.
  Assignment assignment() const;

 private:
  double nanos(std::uint32_t task, DeviceId device) const noexcept {
    return nanos_[task * group_of_.size() + device.value];
  }
  bool are_alike(DeviceId a, DeviceId b) const noexcept;

  struct Waiting {
    double turn;
    std::uint32_t task;
    friend auto operator<=>(const Waiting&, const Waiting&) = default;
  };
  struct Running {
    double end;
    std::uint32_t task;
    friend auto operator<=>(const Running&, const Running&) = default;
  };

  void make_ready(std::uint32_t task, std::uint32_t cause, const Choice& choice);
  void fill(std::uint32_t group, std::uint32_t freed_by);

  const std::uint32_t tasks_;
  std::vector<std::uint32_t> group_of_;       // by device; none: it has no lanes
  std::vector<std::vector<DeviceId>> lanes_;  // by group: whose each lane is
  std::vector<double> nanos_;                 // by task, then device; 0: not able
  std::vector<std::uint32_t> predecessors_;
  std::vector<std::uint32_t> first_, successors_;  // of task t: from first_[t] to first_[t + 1]

  std::vector<std::vector<DeviceId>> free_;  // lanes, by group
  std::vector<std::vector<Waiting>> ready_;  // by group, a heap
  std::vector<Running> running_;             // a heap
  std::vector<std::uint32_t> left_;          // predecessors
  std::vector<DeviceId> device_;             // by task
  std::vector<double> begin_, ready_at_;     // by task
  std::vector<std::uint32_t> cause_;
  std::uint32_t last_ = none;
  double now_ = 0;
};

}  // namespace troika
