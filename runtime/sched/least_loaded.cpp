#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// The lane with the least predicted work, whatever this task takes there.
class LeastLoaded final : public PushPolicy {
 public:
  std::string_view name() const noexcept override { return "least_loaded"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    return cheapest(task, view, [&](const LaneView& lane) { return free_at(lane, view); });
  }
};

}  // namespace

std::unique_ptr<Policy> make_least_loaded() { return std::make_unique<LeastLoaded>(); }

}  // namespace troika
