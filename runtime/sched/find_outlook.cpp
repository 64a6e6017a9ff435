#include "runtime/sched/find_outlook.h"

#include <algorithm>

#include "runtime/sched/ranks.h"

namespace troika {

std::optional<Outlook> find_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const ForecastLane> lanes, std::string_view policy) {
  std::vector<unsigned> lanes_of(costs.devices());
  for (const ForecastLane& lane : lanes) lanes_of[lane.device.value] += 1;
  const Prices prices = find_prices(graph, costs, lanes_of);
  Nanos longest{0};
  for (const Nanos path : ranks(graph, costs)) longest = std::max(longest, path);
  std::optional<Outlook> best;
  Nanos shortest = forever;
  for (const Outlook::Style& style : outlook_styles()) {
    Outlook tried = outlook_of(prices, static_cast<double>(longest.count()), style);
    const auto fresh = make_policy(policy);
    ForecastOptions options;
    options.outlook = &tried;
    const auto course = forecast(graph, costs, lanes, **fresh, options);
    if (!course.ok()) return std::nullopt;
    if (course->makespan >= shortest) continue;
    shortest = course->makespan;
    best = std::move(tried);
  }
  return best;
}

}  // namespace troika
