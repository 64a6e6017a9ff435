// What one task waits for holds up no other.
#include <optional>

#include <gtest/gtest.h>

#include "backends/sim/sim.h"
#include "backends/sim/workers.h"
#include "runtime/exec/runtime.h"
#include "tests/sim/random_case.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 4096;
constexpr Nanos ms{1'000'000};

// One core, and a device whose bytes take 16 ms to come back.
sim::Machine slow_to_tell() {
  sim::Machine machine;
  machine.name = "slow to tell";
  sim::MachineDevice host, device;
  host.name = host.costs = "host";
  host.is_host = true;
  device.name = device.costs = device.space = "dev0";
  device.copy_queue = true;
  machine.devices = {host, device};
  machine.links = {{"host", "dev0", 1e9, Nanos{0}, {}}, {"dev0", "host", 1e6, Nanos{0}, {}}};
  return machine;
}

class Waits : public testing::Test {
 protected:
  void start(std::size_t device_bytes) {
    auto machine = slow_to_tell();
    machine.devices[1].memory_bytes = device_bytes;
    auto opened = sim::open(world, machine, {});
    RuntimeParts parts;
    parts.environment = &world;
    parts.workers = &workers;
    parts.devices = std::move(opened.devices);
    runtime.emplace(std::move(parts), RuntimeOptions{});
    Kernels::define(runtime->kernels(), world, [](TaskContext&, Word) {});
  }
  troika::Run make(const Buffer<Word>& to, const char* device) {
    Graph graph;
    graph.add("make", {{Access::write, to.view()}, Word{1}}).only_on(device);
    return runtime->run(runtime->compile(graph));
  }
  troika::Run map(const Buffer<Word>& from, const Buffer<Word>& to, const char* device) {
    Graph graph;
    graph.add("map", {{Access::read, from.view()}, {Access::write, to.view()}, Word{2}})
        .only_on(device);
    return runtime->run(runtime->compile(graph));
  }

  sim::World world{sim::WorldOptions{}};
  sim::SimWorkers workers{world, {2, 8, Nanos{0}}};
  std::optional<Runtime> runtime;
};

TEST_F(Waits, of_one_task_hold_up_no_other_on_its_lane) {
  start(0);
  const Buffer<Word> far = runtime->buffer<Word>(words), near = runtime->buffer<Word>(words),
                     other = runtime->buffer<Word>(words);
  make(far, "dev0").wait();
  const troika::Run waiting = map(far, near, "host");
  world.run_until(world.now() + ms);
  const Nanos before = world.now();
  make(other, "host").wait();
  EXPECT_LT(world.now() - before, 5 * ms);
  waiting.wait();
  EXPECT_GT(world.now() - before, 10 * ms);
}

TEST_F(Waits, of_a_task_keep_no_unused_bytes_from_making_room) {
  start(2 * words * sizeof(Word));
  const Buffer<Word> cold = runtime->buffer<Word>(words), far = runtime->buffer<Word>(words),
                     near = runtime->buffer<Word>(words), fresh = runtime->buffer<Word>(words);
  make(cold, "host").wait();
  map(cold, far, "dev0").wait();
  const troika::Run waiting = map(far, near, "host");
  world.run_until(world.now() + ms);
  const Nanos before = world.now();
  make(fresh, "dev0").wait();
  EXPECT_LT(world.now() - before, 5 * ms);
  waiting.wait();
  EXPECT_GT(world.now() - before, 10 * ms);
  EXPECT_EQ(runtime->counters().evictions, 1u);
}

}  // namespace
}  // namespace troika::oracle
