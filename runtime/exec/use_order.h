// When a plan's tasks use its buffers, in the order in which they are likely to run.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/exec/plan_state.h"

namespace troika {

class UseOrder {
 public:
  struct Use {
    std::uint32_t position;  // of the task, among all of the plan's
    TaskIndex task;
  };

  // Of a priced plan. Likely: priority classes first, then the longest path to the end, as ready
  // tasks are ordered.
  explicit UseOrder(const PlanState& plan);

  // Of a slot of the graph, first use first.
  std::span<const Use> of(std::size_t slot) const noexcept {
    return std::span{uses_}.subspan(first_[slot], first_[slot + 1] - first_[slot]);
  }

 private:
  std::vector<std::uint32_t> first_;  // by slot, into uses_; one more at the end
  std::vector<Use> uses_;
};

}  // namespace troika
