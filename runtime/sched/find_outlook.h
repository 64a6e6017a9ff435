// The outlook by which a policy does best on a graph, found by forecasts.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "runtime/sched/forecast.h"

namespace troika {

// Tries every style on the graph, once each: some microseconds a task in all. None when some task
// can run on no lane.
std::optional<Outlook> find_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const ForecastLane> lanes, std::string_view policy);

}  // namespace troika
