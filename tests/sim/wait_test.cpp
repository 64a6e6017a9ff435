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

TEST(Waits, of_one_task_hold_up_no_other_on_its_lane) {
  sim::World world{sim::WorldOptions{}};
  sim::SimWorkers workers{world, {2, 8, Nanos{0}}};
  auto opened = sim::open(world, slow_to_tell(), {});
  RuntimeParts parts;
  parts.environment = &world;
  parts.workers = &workers;
  parts.devices = std::move(opened.devices);
  Runtime runtime{std::move(parts), {}};
  Kernels::define(runtime.kernels(), [](TaskContext&, Word) {});
  const Buffer<Word> far = runtime.buffer<Word>(words), near = runtime.buffer<Word>(words),
                     other = runtime.buffer<Word>(words);
  Graph waiting, free;
  waiting.add("make", {{Access::write, far.view()}, Word{1}}).only_on("dev0");
  waiting.add("map", {{Access::read, far.view()}, {Access::write, near.view()}, Word{2}})
      .only_on("host");
  free.add("make", {{Access::write, other.view()}, Word{3}}).only_on("host");
  const troika::Run first = runtime.run(runtime.compile(waiting));
  world.run_until(world.now() + ms);
  const Nanos before = world.now();
  runtime.run(runtime.compile(free)).wait();
  EXPECT_LT(world.now() - before, 5 * ms);
  first.wait();
  EXPECT_GT(world.now() - before, 10 * ms);
}

}  // namespace
}  // namespace troika::oracle
