// A run is cancelled in two steps: its kernels can see it, then the strand hears of it. What ends
// in between may have been cut short.
#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256;

// The first step alone, as when the canceller's thread is held up before the second.
void let_kernels_see(const troika::Run& run) { run.state()->cancel_requested = true; }

troika::Run two_tasks(Simulated& on, const Buffer<Word>& x, const char* device) {
  Graph graph;
  graph.add("make", {{Access::write, x.view()}, Word{1}}).only_on(device);
  graph.add("make", {{Access::write, x.view()}, Word{2}}).only_on(device);
  return on.runtime->run(on.runtime->compile(graph));
}

void expect_cancelled(HostLaneUse lane, const char* device) {
  SimulatedOptions options;
  options.lane = lane;
  Simulated on{small_machine(), options};
  const Buffer<Word> x = on.runtime->buffer<Word>(words);
  const troika::Run run = two_tasks(on, x, device);
  let_kernels_see(run);
  EXPECT_EQ(run.status().to_string(), "cancelled: the run was cancelled");
}

TEST(Cancel, that_kernels_saw_is_how_a_run_over_the_strand_ends) {
  expect_cancelled(HostLaneUse::no, "dev0");
}

TEST(Cancel, that_kernels_saw_is_how_a_run_on_the_host_lane_ends) {
  expect_cancelled(HostLaneUse::yes, "host");
}

}  // namespace
}  // namespace troika::oracle
