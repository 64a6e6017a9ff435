#include "runtime/sched/ranks.h"

#include <algorithm>

namespace troika {
namespace {

Nanos least_time(const TaskCosts& costs, TaskIndex task) {
  std::optional<Nanos> least;
  for (std::uint32_t d = 0; d < costs.devices(); ++d)
    if (const auto time = costs.time(task, DeviceId{d}))
      least = std::min(least.value_or(forever), *time);
  return least.value_or(Nanos{0});
}

}  // namespace

std::vector<Nanos> ranks(const TaskGraph& graph, const TaskCosts& costs) {
  std::vector<Nanos> result(graph.size(), Nanos{0});
  for (auto index = graph.order().rbegin(); index != graph.order().rend(); ++index) {
    Nanos longest{0};
    for (const std::uint32_t successor : graph.successors(TaskIndex{*index}))
      longest = std::max(longest, result[successor]);
    result[*index] = longest + least_time(costs, TaskIndex{*index});
  }
  return result;
}

}  // namespace troika
