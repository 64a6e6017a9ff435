// Devices that are given up: what was in their queues, and what nothing can bring to them any more.
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

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

// A machine that something is going to happen to.
struct Doomed : Simulated {
  Doomed(const sim::Machine& machine, const sim::Fault& fault,
         std::uint32_t copies_failed_max = ExecutorOptions{}.copies_failed_max)
      : Simulated{machine, options_for(fault, copies_failed_max)} {}

  static SimulatedOptions options_for(const sim::Fault& fault, std::uint32_t copies_failed_max) {
    SimulatedOptions options;
    options.faults = {{fault}};
    options.runtime.executor.first_run_allowance = Nanos{0};
    options.runtime.executor.copies_failed_max = copies_failed_max;
    return options;
  }

  Run run(const char* kernel, std::vector<AnyArg> args, const char* device, Nanos timeout) {
    args.emplace_back(Word{1});
    Graph graph;
    graph.add(kernel, std::span<const AnyArg>{args}).only_on(device).timeout(timeout);
    return runtime->run(graph);
  }
};

// Two runs on the device, which is struck while the first one's kernel runs.
struct Struck : Doomed {
  Struck(sim::FaultKind kind, bool recalls)
      : Struck{shared_machine(recalls), {.kind = kind, .device = "apu", .at = Nanos{500'000}}} {}
  Struck(const sim::Machine& machine, const sim::Fault& fault) : Doomed{machine, fault} {
    head = runtime->adopt(std::span{head_words});
    behind = runtime->adopt(std::span{behind_words});
    const auto bump = [this](const Buffer<Word>& buffer) {
      return run("bump", {{Access::commute, buffer.view()}}, "apu", Nanos{5'000'000});
    };
    const Run runs[] = {bump(*head), bump(*behind)};
    for (const Run& each : runs) EXPECT_FALSE(each.status().ok());
  }

  std::vector<Word> head_words = std::vector<Word>(words, 7);
  std::vector<Word> behind_words = std::vector<Word>(words, 8);
  std::optional<Buffer<Word>> head, behind;
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
    struck.end();
  }
}

TEST(GivenUp, of_a_device_that_cannot_say_all_that_was_in_its_queue_is_lost) {
  Struck struck{sim::FaultKind::device_hangs, false};
  EXPECT_EQ(struck.runtime->counters().recalled, 0u);
  EXPECT_EQ(read(*struck.behind), Code::data_lost);
  struck.end();
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
  struck.end();
}

TEST(GivenUp, a_task_runs_out_of_time_behind_one_that_had_no_limit) {
  // Each takes a millisecond; the device hangs in the third. The first has no part in it: first
  // runs are waited for longer.
  Doomed on{shared_machine(true),
            {.kind = sim::FaultKind::device_hangs, .device = "apu", .at = Nanos{2'500'000}}};
  std::vector<std::vector<Word>> ours(3, std::vector<Word>(words, 7));
  std::vector<Buffer<Word>> buffers;
  for (auto& own : ours) buffers.push_back(on.runtime->adopt(std::span{own}));
  std::vector<troika::Run> runs;
  for (const auto& buffer : buffers)
    runs.push_back(on.run("bump", {{Access::commute, buffer.view()}}, "apu",
                          runs.size() == 2 ? Nanos{5'000'000} : forever));
  EXPECT_TRUE(runs[1].status().ok()) << runs[1].status().to_string();
  EXPECT_EQ(runs[2].status().code(), Code::timed_out) << runs[2].status().to_string();
  EXPECT_LT(on.world.now(), Nanos{10'000'000});
}

// Devices with memory of their own, and links between any two.
sim::Machine linked_machine(const std::vector<std::string>& names) {
  sim::Machine machine;
  machine.name = "linked";
  sim::MachineDevice host;
  host.name = host.costs = "host";
  host.count = 2;
  host.is_host = true;
  machine.devices.push_back(host);
  for (const std::string& name : names) {
    sim::MachineDevice device;
    device.name = device.costs = device.space = name;
    device.kind = DeviceKind::gpu;
    device.copy_queue = true;
    machine.devices.push_back(device);
  }
  for (const auto& from : machine.devices)
    for (const auto& to : machine.devices)
      if (from.name != to.name)
        machine.links.push_back({from.name, to.name, 1e9, Nanos{10'000}, {}});
  return machine;
}

// The left device goes while it is idle, so that nobody is told; its bytes cannot be copied.
TEST(GivenUp, what_a_device_still_runs_that_only_fails_to_copy_is_kept) {
  sim::Machine machine = linked_machine({"left", "right"});
  machine.costs.push_back({"make", "right", 0, Nanos{50'000'000}, Nanos{0}});
  const Nanos lost{1'000'000};
  Doomed on{machine, {.kind = sim::FaultKind::device_lost, .device = "left", .at = lost}, 1};
  std::vector<Word> left_words(words, 7), made_words(words, 8);
  std::optional<Buffer<Word>> left = on.runtime->adopt(std::span{left_words});
  std::optional<Buffer<Word>> made = on.runtime->adopt(std::span{made_words});
  std::optional<Buffer<Word>> mapped = on.runtime->buffer<Word>(words);
  const auto map = [&](const Buffer<Word>& from, const Buffer<Word>& to, const char* device) {
    return on.run("map", {{Access::read, from.view()}, {Access::write, to.view()}}, device,
                  forever);
  };
  EXPECT_TRUE(map(*made, *left, "left").status().ok());
  {
    const troika::Run running = on.run("make", {{Access::write, made->view()}}, "right", forever);
    on.world.run_until(2 * lost);
    EXPECT_FALSE(map(*left, *mapped, "right").status().ok());
    EXPECT_EQ(running.status().code(), Code::device_lost);
  }
  EXPECT_EQ(on.runtime->counters().quarantined_bytes, words * sizeof(Word));
  EXPECT_EQ(read(*made), Code::ok) << "as it was, in the host's memory";
  left.reset(), made.reset(), mapped.reset();
  on.end();
}

TEST(GivenUp, nothing_is_read_from_a_device_once_a_verb_has_told_that_it_is_gone) {
  const Nanos lost{1'000'000};
  Doomed on{linked_machine({"left", "right"}),
            {.kind = sim::FaultKind::device_lost, .device = "left", .at = lost}};
  std::vector<Word> first_words(words, 7), second_words(words, 8), third_words(words, 9);
  std::optional<Buffer<Word>> first = on.runtime->adopt(std::span{first_words});
  std::optional<Buffer<Word>> second = on.runtime->adopt(std::span{second_words});
  std::optional<Buffer<Word>> third = on.runtime->adopt(std::span{third_words});
  std::optional<Buffer<Word>> fourth = on.runtime->buffer<Word>(words);
  const auto add = [](Graph& graph, const Buffer<Word>& from, const Buffer<Word>& to,
                      const char* device) {
    const std::vector<AnyArg> args{
        {Access::read, from.view()}, {Access::write, to.view()}, Word{1}};
    graph.add("map", std::span{args}).only_on(device);
  };
  Graph before, after;
  add(before, *second, *first, "left");
  EXPECT_TRUE(on.runtime->run(before).status().ok());
  on.world.run_until(2 * lost);
  add(after, *third, *second, "left");
  add(after, *first, *fourth, "right");
  EXPECT_FALSE(on.runtime->run(after).status().ok());
  EXPECT_EQ(on.runtime->counters().devices_lost, 1u);
  first.reset(), second.reset(), third.reset(), fourth.reset();
  on.end();
}

TEST(GivenUp, no_bytes_are_brought_home_to_where_a_hung_kernel_may_write) {
  sim::Machine machine = linked_machine({"small"});
  machine.devices.back().memory_bytes = words * sizeof(Word);
  Doomed on{machine, {.kind = sim::FaultKind::device_hangs, .device = "host", .nth = 1}};
  std::vector<Word> memory(words, 7);
  std::optional<Buffer<Word>> written = on.runtime->adopt(std::span{memory});
  std::optional<Buffer<Word>> other = on.runtime->buffer<Word>(words);
  EXPECT_TRUE(on.run("bump", {{Access::commute, written->view()}}, "small", forever).status().ok());
  EXPECT_FALSE(
      on.run("make", {{Access::write, written->view()}}, "host", Nanos{5'000'000}).status().ok());
  EXPECT_EQ(read(*written), Code::data_lost);
  EXPECT_TRUE(on.run("make", {{Access::write, other->view()}}, "small", forever).status().ok());
  EXPECT_EQ(on.runtime->counters().evictions, 1u) << "there is room for one";
  EXPECT_EQ(on.runtime->counters().write_backs, 0u);
  written.reset(), other.reset();
  on.end();
}

}  // namespace
}  // namespace troika::oracle
