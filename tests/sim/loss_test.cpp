// Devices that go while something is under way between them: every moment is tried.
#include <optional>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 1024;

// A host, and two devices with memories of their own and slow links between all of them.
sim::Machine slow_machine() {
  sim::Machine machine;
  machine.name = "slow";
  for (const char* name : {"host", "dev0", "dev1"}) {
    sim::MachineDevice device;
    device.name = device.costs = device.space = name;
    device.kind = DeviceKind::gpu;
    device.copy_queue = true;
    machine.devices.push_back(device);
    for (const char* to : {"host", "dev0", "dev1"})
      if (to != device.name) machine.links.push_back({name, to, 1e8, 10 * us, {}});
    for (const char* kernel : {"make", "map", "mix"})
      machine.costs.push_back({kernel, name, 0, 20 * us, Nanos{0}});
  }
  machine.devices[0].is_host = true;
  machine.devices[0].copy_queue = false;
  machine.devices[0].count = 2;
  return machine;
}

// Writes on dev0 what dev1 then reads, and on dev1 what the host reads.
void hand_round(const std::vector<Buffer<Word>>& on, Graph& graph) {
  const auto add = [&](const char* kernel, std::vector<std::size_t> of, const char* device) {
    std::vector<AnyArg> args;
    for (const std::size_t b : of) {
      const Operand view = on[b].view();
      args.emplace_back(b == of.back() ? Access::write : Access::read, view);
    }
    args.emplace_back(Word{1});
    graph.add(kernel, std::span<const AnyArg>{args}).only_on(device).timeout(500 * us);
  };
  add("make", {0}, "dev0");
  add("map", {0, 1}, "dev1");
  add("map", {0, 2}, "dev0");
  add("map", {1, 3}, "host");
  add("map", {2, 0}, "dev1");
}

void lose(const sim::Fault& fault) {
  SimulatedOptions options;
  options.faults = {{fault}};
  options.runtime.executor.transfer_timeout = 2 * ms;
  options.runtime.executor.first_run_allowance = Nanos{0};
  Simulated on{slow_machine(), options};
  {
    std::vector<Buffer<Word>> buffers;
    for (int i = 0; i < 4; ++i) buffers.push_back(on.runtime->buffer<Word>(words));
    Graph graph;
    hand_round(buffers, graph);
    const troika::Run run = on.runtime->run(on.runtime->compile(graph));
    static_cast<void>(run.status());
    EXPECT_TRUE(run.done());
  }
  const bool kept = on.runtime->counters().quarantined_bytes != 0;
  on.end();
  EXPECT_TRUE(kept || on.world.ledger().live().empty());
}

TEST(Loss, at_any_moment_frees_nothing_that_another_device_still_reads_or_writes) {
  for (const sim::FaultKind kind : {sim::FaultKind::device_lost, sim::FaultKind::device_hangs})
    for (const char* device : {"dev0", "dev1"})
      for (int at = 1; at < 400; at += 3) {
        SCOPED_TRACE(std::string{name_of(kind)} + " of " + device + " after " + std::to_string(at) +
                     " us");
        lose({.kind = kind, .device = device, .at = at * us});
      }
}

// The first of two tasks of a sub-graph has written its half when the second fails.
TEST(Loss, of_a_sub_graphs_task_takes_all_that_the_parent_was_to_write) {
  std::optional<View<Word>> written;
  SimulatedOptions options;
  options.faults = {{{.kind = sim::FaultKind::kernel_fails, .device = "dev0", .nth = 1}}};
  options.spawned = [&](TaskContext& context, Word) {
    Graph children;
    const TaskRef first =
        children.add("bump", {{Access::commute, written->slice(0, 8)}, Word{1}}).only_on("host");
    children.add("bump", {{Access::commute, written->slice(8, 8)}, Word{1}})
        .only_on("dev0")
        .retries(0)
        .after(first);
    context.submit(children);
  };
  Simulated on{slow_machine(), options};
  Runtime& runtime = *on.runtime;
  const Buffer<Word> in = runtime.buffer<Word>(words), out = runtime.buffer<Word>(words);
  written = out.view();
  Graph before, graph;
  before.add("make", {{Access::write, in.view()}, Word{1}}).only_on("host");
  before.add("make", {{Access::write, out.view()}, Word{2}}).only_on("host");
  // The device keeps the bytes as they were before.
  const Buffer<Word> copy = runtime.buffer<Word>(words);
  before.add("map", {{Access::read, out.view()}, {Access::write, copy.view()}, Word{3}})
      .only_on("dev1");
  runtime.run(runtime.compile(before)).wait();
  graph.add("split", {{Access::read, in.view()}, {Access::update, out.view()}, Word{3}})
      .only_on("host");
  EXPECT_EQ(runtime.run(runtime.compile(graph)).status().code(), Code::kernel_failed);
  EXPECT_EQ(in.read().size(), words);
  for (std::size_t word = 0; word < words; word += 4)
    EXPECT_FALSE(
        runtime.core()->access(out.id(), Region::bytes(word * sizeof(Word), 4), Access::read).ok())
        << "word " << word;
}

}  // namespace
}  // namespace troika::oracle
