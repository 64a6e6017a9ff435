#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// The lane with the fewest tasks.
class LeastConnections final : public PushPolicy {
 public:
  std::string_view name() const noexcept override { return "least_connections"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    return cheapest(task, view, [&](const LaneView& lane) { return tasks_at(lane); });
  }
};

}  // namespace

std::unique_ptr<Policy> make_least_connections() { return std::make_unique<LeastConnections>(); }

}  // namespace troika
