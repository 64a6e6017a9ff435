// Tenants with a limit to what they have in a device's memory.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 64, bytes = words * sizeof(Word);
constexpr TenantId one{1}, two{2};

// A host, and a device with memory of its own on which a task takes 1 ms.
sim::Machine machine() {
  sim::Machine machine = small_machine();
  machine.costs = {{"make", "host", 0, 1 * ms, Nanos{0}}, {"make", "dev0", 0, 1 * ms, Nanos{0}}};
  return machine;
}

class Tenants : public testing::Test {
 protected:
  Tenants() : on{machine()} {
    for (int i = 0; i < 8; ++i) buffers.push_back(on.runtime->buffer<Word>(words));
  }

  // A task of the tenant's for each of the buffers, without edges.
  troika::Run make(TenantId tenant, std::size_t first, std::size_t end,
                   const char* device = "dev0") {
    Graph graph;
    for (std::size_t b = first; b < end; ++b) {
      const AnyArg args[] = {{Access::write, static_cast<Operand>(buffers[b].view())}, Word{7}};
      TaskRef task = graph.add("make", std::span<const AnyArg>{args}).tenant(tenant);
      if (device != nullptr) task.only_on(device);
    }
    return on.runtime->run(graph);
  }
  // On dev0.
  std::size_t used_by(TenantId tenant) {
    const auto gauges = on.runtime->core()->executor().gauges();
    for (const TenantUse& use : gauges.spaces.back().tenants)
      if (use.tenant == tenant) return use.used;
    return 0;
  }
  bool lies_on_device(std::size_t b) {
    const auto state = on.runtime->core()->find_buffer(buffers[b].id(), "look");
    return (*state)->home(SpaceId{1}) != nullptr;
  }
  std::uint64_t tasks_on_host() { return on.runtime->counters().tasks_by_device.front(); }

  Simulated on;
  std::vector<Buffer<Word>> buffers;
};

TEST_F(Tenants, keep_within_their_limit_by_what_is_theirs) {
  make(two, 0, 1).wait();
  on.runtime->limit_tenant(one, "dev0", 2 * bytes);
  const troika::Run run = make(one, 1, 8);
  std::size_t most = 0;
  while (!run.done() && on.world.now() < 100 * ms) {
    on.world.run_until(on.world.now() + 20 * us);
    most = std::max(most, used_by(one));
    ASSERT_TRUE(lies_on_device(0));
  }
  run.wait();
  EXPECT_EQ(most, 2 * bytes);
  const std::vector<Word> first(buffers[0].read().begin(), buffers[0].read().end());
  for (std::size_t b = 1; b < 8; ++b)
    EXPECT_TRUE(std::ranges::equal(buffers[b].read(), first)) << b;
}

TEST_F(Tenants, hold_up_nobody_else_while_they_wait) {
  on.runtime->limit_tenant(one, "dev0", bytes);
  const troika::Run waits = make(one, 0, 6), other = make(two, 6, 8);
  other.wait();
  EXPECT_FALSE(waits.done());
  waits.wait();
}

TEST_F(Tenants, whose_task_never_fits_are_told_so) {
  on.runtime->limit_tenant(one, "dev0", bytes - 1);
  EXPECT_EQ(make(one, 0, 1).status().to_string(),
            "out_of_memory: task 0 (make): its 256 bytes fit the memory of no device; tenant 1 has "
            "a limit of 255 in that of dev0 and uses 0");
  EXPECT_TRUE(make(two, 0, 1).status().ok());
}

TEST_F(Tenants, go_where_they_fit) {
  on.runtime->limit_tenant(one, "dev0", bytes - 1);
  make(one, 0, 4, nullptr).wait();
  EXPECT_EQ(tasks_on_host(), 4U);
}

TEST_F(Tenants, whose_limit_is_full_of_what_stays_are_told_so) {
  on.runtime->limit_tenant(TenantId{0}, "host", bytes);
  static_cast<void>(buffers[0].write());
  EXPECT_THAT(make(TenantId{0}, 1, 2, "host").status().to_string(),
              testing::EndsWith("; tenant 0 has a limit of 256 in that of host and uses 256"));
}

TEST_F(Tenants, go_on_when_their_limit_is_raised) {
  on.runtime->limit_tenant(one, "dev0", bytes);
  const troika::Run run = make(one, 0, 4);
  on.world.run_until(on.world.now() + 500 * us);
  EXPECT_EQ(used_by(one), bytes);
  on.runtime->limit_tenant(one, "dev0", 4 * bytes);
  on.world.run_until(on.world.now() + 500 * us);
  EXPECT_EQ(used_by(one), 4 * bytes);
  run.wait();
}

}  // namespace
}  // namespace troika::oracle
