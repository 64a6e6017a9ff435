// Copies that fail: who read what they were to bring has done nothing.
#include <optional>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256;

// A device with memory of its own whose kernels take longer than a copy.
sim::Machine machine_with_copies() {
  sim::Machine machine = small_machine();
  for (const char* kernel : {"make", "map", "mix"}) {
    machine.costs.push_back({kernel, "dev0", 0, 80 * us, Nanos{0}});
    machine.costs.push_back({kernel, "host", 0, 5 * us, Nanos{0}});
  }
  return machine;
}

// Once it is known how long they take, tasks of the device read what the host wrote: more of them
// than its queue may hold, so that some wait for the bytes outside while others read them. The host
// and the device read what they made.
void run_with(std::uint64_t nth, std::uint64_t seed) {
  SimulatedOptions options;
  options.world = sim::WorldOptions::adversarial(seed);
  options.faults = {{{.kind = sim::FaultKind::copy_fails, .device = "dev0", .nth = nth}}};
  options.runtime.seed = seed;
  Simulated on{machine_with_copies(), options};
  std::vector<std::vector<Word>> truth(8, std::vector<Word>(words, 0));
  std::vector<Buffer<Word>> buffers;
  for (std::size_t b = 0; b < truth.size(); ++b) buffers.push_back(on.runtime->buffer<Word>(words));
  Graph graph;
  const auto add = [&](const char* kernel, std::vector<std::size_t> of, const char* device) {
    std::vector<AnyArg> args;
    Step step{kernel, {}, static_cast<Word>(graph.size() + 1), {}};
    for (const std::size_t b : of) {
      const Operand view = buffers[b].view();
      args.emplace_back(b == of.back() ? Access::write : Access::read, view);
      step.pieces.push_back({b, 0, words, 1, words});
    }
    args.emplace_back(step.salt);
    graph.add(kernel, std::span<const AnyArg>{args}).only_on(device).retries(3);
    run_serially(step, truth);
  };
  add("make", {6}, "host");
  for (int i = 0; i < 3; ++i) add("map", {6, 7}, "dev0");
  add("map", {7, 0}, "host");
  add("map", {0, 5}, "dev0");
  add("map", {0, 6}, "dev0");
  add("map", {0, 1}, "dev0");
  add("map", {0, 2}, "dev0");
  add("map", {1, 3}, "host");
  add("map", {2, 4}, "dev0");
  const troika::Run run = on.runtime->run(on.runtime->compile(graph));
  EXPECT_TRUE(run.status().ok()) << run.status().to_string();
  for (std::size_t b = 0; b < buffers.size() && run.status().ok(); ++b) {
    const std::span<const Word> got = buffers[b].read();
    EXPECT_EQ(std::vector<Word>(got.begin(), got.end()), truth[b]) << "buffer " << b;
  }
}

TEST(Copies, that_fail_are_repeated_with_what_was_built_on_them) {
  for (std::uint64_t nth = 1; nth <= 8; ++nth)
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      SCOPED_TRACE("copy " + std::to_string(nth) + ", seed " + std::to_string(seed));
      run_with(nth, seed);
    }
}

}  // namespace
}  // namespace troika::oracle
