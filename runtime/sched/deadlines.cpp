#include "runtime/sched/deadlines.h"

#include <algorithm>
#include <vector>

namespace troika {
namespace {

// No run takes only its longest path.
constexpr double path_allowance = 1.15;
// One run that is late weighs as much as some twenty-five that are not.
constexpr double shrink = 0.95, grow = 1.002;
constexpr double share_min = 0.2, share_max = 4;

double nanos_until(Nanos deadline, Nanos now) noexcept {
  return static_cast<double>((deadline - now).count());
}

}  // namespace

bool Deadlines::admits(std::span<const Due> promised, const Due& run, Nanos longest_path,
                       Nanos now) const {
  if (path_allowance * static_cast<double>(longest_path.count()) > nanos_until(run.deadline, now))
    return false;
  std::vector<Due> due(promised.begin(), promised.end());
  due.push_back(run);
  std::ranges::sort(due, {}, &Due::deadline);
  double work = 0;
  for (auto each = due.begin(); each != due.end(); ++each) {
    work += each->area_nanos;
    const bool more_by_then = each + 1 != due.end() && (each + 1)->deadline == each->deadline;
    if (each->deadline < run.deadline || more_by_then) continue;
    if (work > share_ * nanos_until(each->deadline, now)) return false;
  }
  return true;
}

void Deadlines::observe(bool late) noexcept {
  share_ = late ? std::max(share_min, shrink * share_) : std::min(share_max, grow * share_);
}

}  // namespace troika
