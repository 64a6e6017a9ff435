// Devices that are given up: what was in their queues, and what nothing can bring to them any more.
#include <gtest/gtest.h>

#include "backends/sim/sim.h"
#include "backends/sim/workers.h"
#include "runtime/exec/runtime.h"
#include "tests/sim/random_case.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 64;

// A host, and in its memory a device that sees bytes in its own way and takes a millisecond.
sim::Machine shared_machine(bool recalls) {
  sim::Machine machine;
  machine.name = "shared";
  sim::MachineDevice host, device;
  host.name = host.costs = "host";
  host.is_host = true;
  device.name = device.costs = "apu";
  device.kind = DeviceKind::gpu;
  device.coherent = false;
  device.recalls = recalls;
  machine.devices = {host, device};
  machine.costs.push_back({"bump", "apu", 0, Nanos{1'000'000}, Nanos{0}});
  return machine;
}

// Two runs on the device, which is struck while the first one's kernel runs.
struct Struck {
  Struck(sim::FaultKind kind, bool recalls)
      : Struck{shared_machine(recalls), {.kind = kind, .device = "apu", .at = Nanos{500'000}}} {}
  Struck(const sim::Machine& machine, const sim::Fault& fault)
      : workers{world, {2, 8, Nanos{5'000}}} {
    auto opened = sim::open(world, machine, {{fault}});
    RuntimeParts parts;
    parts.environment = &world;
    parts.workers = &workers;
    parts.devices = std::move(opened.devices);
    RuntimeOptions options;
    options.executor.first_run_allowance = Nanos{0};
    runtime.emplace(std::move(parts), options);
    Kernels::define(runtime->kernels(), world, [](TaskContext&, Word) {});
    head = runtime->adopt(std::span{head_words});
    behind = runtime->adopt(std::span{behind_words});
    Graph first, second;
    for (auto [graph, buffer] : {std::pair{&first, &head}, std::pair{&second, &behind}}) {
      const Operand view = (*buffer)->view();
      const std::vector<AnyArg> args{{Access::commute, view}, Word{1}};
      graph->add("bump", std::span{args}).only_on("apu").timeout(Nanos{5'000'000});
    }
    const Run runs[] = {runtime->run(first), runtime->run(second)};
    for (const Run& run : runs) EXPECT_FALSE(run.status().ok());
  }

  sim::World world;
  sim::SimWorkers workers;
  std::vector<Word> head_words = std::vector<Word>(words, 7);
  std::vector<Word> behind_words = std::vector<Word>(words, 8);
  std::optional<Runtime> runtime;
  std::optional<Buffer<Word>> head, behind;  // given up before the runtime
};

Code read(const Buffer<Word>& buffer) {
  try {
    const std::span<const Word> got = buffer.read();
    EXPECT_EQ(std::vector<Word>(got.begin(), got.end()), std::vector<Word>(words, 8));
    return Code::ok;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(GivenUp, what_a_lost_device_was_about_to_take_over_and_write_is_as_it_was) {
  for (const auto fault : {sim::FaultKind::device_lost, sim::FaultKind::device_hangs}) {
    Struck struck{fault, true};
    EXPECT_EQ(struck.runtime->counters().recalled, 1u);
    EXPECT_EQ(read(*struck.head), Code::data_lost);
    EXPECT_EQ(read(*struck.behind), Code::ok);
    struck.runtime.reset();
    EXPECT_EQ(struck.world.violations(), std::vector<std::string>{});
  }
}

TEST(GivenUp, of_a_device_that_cannot_say_all_that_was_in_its_queue_is_lost) {
  Struck struck{sim::FaultKind::device_hangs, false};
  EXPECT_EQ(struck.runtime->counters().recalled, 0u);
  EXPECT_EQ(read(*struck.behind), Code::data_lost);
  struck.runtime.reset();
  EXPECT_EQ(struck.world.violations(), std::vector<std::string>{});
}

TEST(GivenUp, a_transfer_that_never_ends_costs_the_device_although_it_has_several_lanes) {
  sim::Machine machine = shared_machine(true);
  sim::MachineDevice& device = machine.devices.back();
  device.space = "apu";
  device.coherent = true;
  device.count = 2;
  for (const auto& [from, to] : {std::pair{"host", "apu"}, std::pair{"apu", "host"}})
    machine.links.push_back({from, to, 1e9, Nanos{10'000}, {}});
  Struck struck{machine, {.kind = sim::FaultKind::device_hangs, .device = "apu", .at = Nanos{1}}};
  EXPECT_EQ(struck.runtime->counters().devices_lost, 1u);
  EXPECT_LT(struck.world.now(), 2 * ExecutorOptions{}.transfer_timeout) << "and at once";
  struck.runtime.reset();
  EXPECT_EQ(struck.world.violations(), std::vector<std::string>{});
}

}  // namespace
}  // namespace troika::oracle
