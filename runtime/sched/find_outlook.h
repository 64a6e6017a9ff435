// The outlook by which a graph is predicted to be over soonest.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/sched/forecast.h"

namespace troika {

// Whether bytes may have to move between devices, which forecasts leave out.
enum class Spaces : std::uint8_t { one, several };

// Prices alone, for policies that do not look ahead: what the tasks are worth.
std::optional<Outlook> price_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                     std::span<const ForecastLane> lanes);

// Tries every style of AffinityPull's on the graph, and what other policies would make of it, once
// each: some microseconds a task in all. Where one of the others is clearly better, and all devices
// share one space, its course becomes the outlook's assignment. None when some task can run on no
// lane.
std::optional<Outlook> find_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const ForecastLane> lanes, Spaces spaces);

// The same, then searches from the best of them until `used`, which is asked between two schedules,
// says that all of the budget is used up: it goes from 0 to 1. The assignment is never empty.
std::optional<Outlook> search_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                      std::span<const ForecastLane> lanes, std::uint64_t seed,
                                      const std::function<double()>& used);

}  // namespace troika
