#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// The lane that is predicted to finish this task first.
class EarliestFinish final : public PushPolicy {
 public:
  std::string_view name() const noexcept override { return "earliest_finish"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    return cheapest(task, view, [&](const LaneView& lane) {
      const Prediction p = view.predict(task, lane.id);
      return free_at(lane, view) + p.transfer + p.execution;
    });
  }
};

}  // namespace

std::unique_ptr<Policy> make_earliest_finish() { return std::make_unique<EarliestFinish>(); }

}  // namespace troika
