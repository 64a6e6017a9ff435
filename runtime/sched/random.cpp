#include "runtime/sched/policies.h"
#include "runtime/sched/push_policy.h"

namespace troika {
namespace {

// Any able lane, each as likely.
class Random final : public PushPolicy {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_{seed} {}
  std::string_view name() const noexcept override { return "random"; }

 private:
  LaneId choose(const ReadyTask& task, const SchedView& view) override {
    // Each able lane takes the place of the one before with the chance that makes all alike.
    LaneId chosen;
    std::uint64_t able = 0;
    for (const LaneView& lane : view.lanes())
      if (can_take(task, lane, view) && draw() % ++able == 0) chosen = lane.id;
    return chosen;
  }

  // SplitMix64.
  std::uint64_t draw() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace

std::unique_ptr<Policy> make_random(std::uint64_t seed) { return std::make_unique<Random>(seed); }

}  // namespace troika
