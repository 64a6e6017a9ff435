#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// The able lanes in turn.
class RoundRobin final : public PushPolicy {
 public:
  std::string_view name() const noexcept override { return "round_robin"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    const auto lanes = view.lanes();
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const std::size_t turn = (turn_ + i) % lanes.size();
      if (!can_take(task, lanes[turn], view)) continue;
      turn_ = turn + 1;
      return lanes[turn].id;
    }
    return {};
  }

  std::size_t turn_ = 0;
};

}  // namespace

std::unique_ptr<Policy> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace troika
