#include <utility>

#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// The lane that runs this task fastest, the least loaded of equals, however long its queue.
class FastestFirst final : public PushPolicy {
 public:
  std::string_view name() const noexcept override { return "fastest_first"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    return cheapest(task, view, [&](const LaneView& lane) {
      const Prediction p = view.predict(task, lane.id);
      return std::pair{p.transfer + p.execution, free_at(lane, view)};
    });
  }
};

}  // namespace

std::unique_ptr<Policy> make_fastest_first() { return std::make_unique<FastestFirst>(); }

}  // namespace troika
