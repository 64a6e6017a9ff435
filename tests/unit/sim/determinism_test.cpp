#include "tests/unit/sim/rig.h"

namespace troika::sim {
namespace {

// Seeded work on every device, with seeded faults; the trace tells all that happened.
std::vector<TraceEvent> traced(std::uint64_t seed) {
  const Machine machine = small_machine();
  Rig rig{WorldOptions::adversarial(seed), FaultPlan::drawn(seed, machine, 2, 500 * us, 20),
          machine};
  Rng rng{seed};
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<std::unique_ptr<Allocation>> bytes;
  for (std::size_t i = 0; i < rig.opened.devices.size(); ++i) {
    lanes.push_back(
        std::make_unique<Lane>(rig.world, rig.device(i), QueueId{static_cast<std::uint32_t>(i)}));
    auto allocated = rig.device(i).memory().allocate({.bytes = 256});
    bytes.push_back(allocated.ok() ? *std::move(allocated) : nullptr);
  }
  for (int i = 0; i < 60; ++i) {
    const std::size_t on = rng.index(lanes.size());
    if (!bytes[on]) continue;
    if (!lanes[on]->launch(*lanes[on]->zero_kernel, {whole(*bytes[on])}).ok()) continue;
    if (rng.chance(0.5)) lanes[on]->queue->flush().code();
    if (rng.chance(0.3)) rig.world.run_until(rig.world.now() + Nanos{rng.below(30'000)});
  }
  for (auto& lane : lanes) lane->queue->flush().code();
  rig.world.run_until_idle();
  for (auto& lane : lanes) lane->queue->abandon();
  for (auto& each : bytes) static_cast<void>(each.release());
  return rig.world.trace();
}

TEST(Simulation, the_same_seed_gives_the_same_trace) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto first = traced(seed);
    EXPECT_EQ(first, traced(seed)) << "seed " << seed;
    EXPECT_NE(first, traced(seed + 1)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace troika::sim
