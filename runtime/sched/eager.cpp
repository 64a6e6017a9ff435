#include <algorithm>

#include "runtime/sched/policies.h"
#include "runtime/sched/ready_span.h"

namespace troika {
namespace {

// Whichever lane asks gets the best-ordered task that it can take.
class Eager final : public Policy {
 public:
  std::string_view name() const noexcept override { return "eager"; }

  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) override {
    if (!view.lanes()[lane.value].open) return std::nullopt;
    const ReadySet& bound = view.bound(lane);
    const ReadyTask* best = nullptr;
    if (!bound.empty() && view.able(bound.best(), lane)) best = &bound.best();
    for (const ReadySetId set : view.ready_sets()) {
      const auto tasks = view.ready()[set.value].tasks();
      for (const ReadyTask& task : tasks.first(std::min(look_max, tasks.size()))) {
        if (best != nullptr && goes_before(*best, task)) break;
        if (!view.able(task, lane)) continue;
        best = &task;
        break;
      }
    }
    return best == nullptr ? std::nullopt : std::optional{*best};
  }
};

}  // namespace

std::unique_ptr<Policy> make_eager() { return std::make_unique<Eager>(); }

}  // namespace troika
