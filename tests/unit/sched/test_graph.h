// Task graphs of made-up costs, for ranks and forecasts.
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/task_costs.h"

namespace troika::test {

class TestGraph final : public TaskCosts {
 public:
  TestGraph();

  using Times = std::vector<std::optional<Nanos>>;  // by device

  // A task of a kernel (a number) whose times were given to kernel(); it follows `earlier`.
  TaskRef add(std::uint32_t kernel, std::initializer_list<TaskRef> earlier = {});
  std::uint32_t kernel(Times times);
  std::shared_ptr<const TaskGraph> compile();

  std::size_t devices() const noexcept override { return times_.front().size(); }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    return times_[kernels_[task.value]][device.value];
  }
  CostKey key(TaskIndex task) const override { return {KernelId{kernels_[task.value]}, 4}; }

 private:
  KernelRegistry registry_;  // outlives what was compiled against it
  Graph graph_;
  std::vector<Times> times_;            // by kernel
  std::vector<std::uint32_t> kernels_;  // by task
};

}  // namespace troika::test
