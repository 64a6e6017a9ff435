// What one task waits for holds up no other.
#include <optional>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 4096;

// One core, and a device whose bytes take 16 ms to come back.
sim::Machine slow_to_tell(std::size_t device_bytes) {
  sim::Machine machine = small_machine();
  machine.devices[0].count = 1;
  machine.devices[1].memory_bytes = device_bytes;
  machine.links = {{"host", "dev0", 1e9, Nanos{0}, {}}, {"dev0", "host", 1e6, Nanos{0}, {}}};
  return machine;
}

struct Waits : Simulated {
  explicit Waits(std::size_t device_bytes) : Simulated{slow_to_tell(device_bytes)} {}

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
};

TEST(Waits, of_one_task_hold_up_no_other_on_its_lane) {
  Waits on{0};
  const Buffer<Word> far = on.runtime->buffer<Word>(words), near = on.runtime->buffer<Word>(words),
                     other = on.runtime->buffer<Word>(words);
  on.make(far, "dev0").wait();
  const troika::Run waiting = on.map(far, near, "host");
  on.world.run_until(on.world.now() + ms);
  const Nanos before = on.world.now();
  on.make(other, "host").wait();
  EXPECT_LT(on.world.now() - before, 5 * ms);
  waiting.wait();
  EXPECT_GT(on.world.now() - before, 10 * ms);
}

TEST(Waits, of_a_task_keep_no_unused_bytes_from_making_room) {
  Waits on{2 * words * sizeof(Word)};
  const Buffer<Word> cold = on.runtime->buffer<Word>(words), far = on.runtime->buffer<Word>(words),
                     near = on.runtime->buffer<Word>(words),
                     fresh = on.runtime->buffer<Word>(words);
  on.make(cold, "host").wait();
  on.map(cold, far, "dev0").wait();
  const troika::Run waiting = on.map(far, near, "host");
  on.world.run_until(on.world.now() + ms);
  const Nanos before = on.world.now();
  on.make(fresh, "dev0").wait();
  EXPECT_LT(on.world.now() - before, 5 * ms);
  waiting.wait();
  EXPECT_GT(on.world.now() - before, 10 * ms);
  EXPECT_EQ(on.runtime->counters().evictions, 1u);
}

}  // namespace
}  // namespace troika::oracle
