#include "runtime/exec/use_order.h"

#include <algorithm>
#include <numeric>

namespace troika {

UseOrder::UseOrder(const PlanState& plan) {
  const TaskGraph& graph = *plan.graph;
  std::vector<std::uint32_t> order(graph.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Priority x = graph.options(TaskIndex{a}).priority,
                   y = graph.options(TaskIndex{b}).priority;
    return x != y ? x > y : plan.ranks[a] > plan.ranks[b];
  });

  // A task that names a slot twice uses it once.
  std::vector<std::uint32_t> latest(graph.slots().size(), ~0U);
  const auto each_use = [&](auto&& visit) {
    std::fill(latest.begin(), latest.end(), ~0U);
    for (std::uint32_t position = 0; position < order.size(); ++position)
      for (const Arg& arg : graph.args(TaskIndex{order[position]}))
        if (arg.is_buffer && std::exchange(latest[arg.slot], position) != position)
          visit(arg.slot, position);
  };
  first_.assign(graph.slots().size() + 1, 0);
  each_use([&](std::uint32_t slot, std::uint32_t) { first_[slot + 1] += 1; });
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  uses_.resize(first_.back());
  std::vector<std::uint32_t> next{first_.begin(), first_.end() - 1};
  each_use([&](std::uint32_t slot, std::uint32_t position) {
    uses_[next[slot]++] = {position, TaskIndex{order[position]}};
  });
}

}  // namespace troika
