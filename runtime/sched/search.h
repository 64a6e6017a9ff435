// A better schedule by trying changes to those that are there.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/sched/list_schedule.h"

namespace troika {

// Local search: a task that the makespan hangs on, or any, goes to another group or gets another
// turn, and what became not much longer is kept for a while (late acceptance hill climbing: Burke
// and Bykov, "The late acceptance hill-climbing heuristic", 2017). All of `starts`, at least one,
// are changed in turn; the worse half is left each time that a further part of the budget is used
// up. `used` is asked between two trials: how much of it is, from 0 to 1. The best choice that was
// met, never a longer one than the best of `starts`.
ListSchedule::Choice search(ListSchedule& schedule, std::vector<ListSchedule::Choice> starts,
                            std::uint64_t seed, const std::function<double()>& used);

}  // namespace troika
