// Whose memory a buffer is, and for how long.
#include <array>
#include <atomic>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class Buffers : public HostRuntime {};

TEST_F(Buffers, adopted_memory_is_used_where_it_lies) {
  std::array<int, 4> memory{1, 2, 3, 4};
  const Buffer<int> x = runtime->adopt(std::span{memory});
  Graph graph;
  graph.add(add, x, 1);
  runtime->run(graph).wait();
  EXPECT_EQ(memory, (std::array{2, 3, 4, 5}));
  EXPECT_EQ(x.read().data(), memory.data());
  EXPECT_EQ(runtime->counters().bytes_copied, 0U);
}

TEST_F(Buffers, overlapping_adoption_is_refused_until_the_first_is_released) {
  std::array<int, 8> memory{};
  std::optional<Buffer<int>> first = runtime->adopt(std::span{memory}.subspan(2, 4));
  const std::string refusal = " bytes overlap memory that was adopted before and not released";
  EXPECT_EQ(error_of([&] { (void)runtime->adopt(std::span{memory}); }),
            "invalid_argument: overlapping adoption: 32" + refusal);
  EXPECT_EQ(error_of([&] { (void)runtime->adopt(std::span{memory}.subspan(5, 1)); }),
            "invalid_argument: overlapping adoption: 4" + refusal);
  EXPECT_EQ(error_of([&] { (void)runtime->adopt(std::span{memory}.subspan(0, 3)); }),
            "invalid_argument: overlapping adoption: 12" + refusal);
  const Buffer<int> before = runtime->adopt(std::span{memory}.subspan(0, 2));
  const Buffer<int> behind = runtime->adopt(std::span{memory}.subspan(6, 2));
  first.reset();
  const Buffer<int> again = runtime->adopt(std::span{memory}.subspan(2, 4));
}

TEST_F(Buffers, the_owner_of_adopted_memory_is_let_go_of_with_the_last_handle) {
  auto memory = std::make_shared<std::array<int, 4>>();
  const std::weak_ptr<void> there = memory;
  {
    const Buffer<int> x = runtime->adopt(std::span{*memory}, memory);
    memory.reset();
    Graph graph;
    graph.add(fill, x, 3);
    runtime->run(graph).wait();
    EXPECT_EQ(contents(x), (std::vector{3, 3, 3, 3}));
    EXPECT_FALSE(there.expired());
  }
  EXPECT_TRUE(there.expired());
}

TEST_F(Buffers, of_a_partition_are_disjoint_and_hold_all_of_it) {
  std::array<int, 10> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<Buffer<int>> blocks = runtime->partition(std::span{memory}, 4);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[2].size(), 2U);
  Graph graph;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    graph.add(add, blocks[i], static_cast<int>(100 * i));
  runtime->run(graph).wait();
  for (const Buffer<int>& block : blocks) (void)block.read();
  EXPECT_EQ(memory, (std::array{0, 1, 2, 3, 104, 105, 106, 107, 208, 209}));
  EXPECT_EQ(error_of([&] { (void)runtime->partition(std::span{memory}, 0); }),
            "invalid_argument: a block has at least one element");
  EXPECT_EQ(error_of([&] { (void)runtime->partition(std::span<int>{}, 4); }),
            "invalid_argument: an adopted span has at least one byte");
}

TEST_F(Buffers, without_a_byte_are_refused) {
  EXPECT_EQ(error_of([&] { (void)runtime->buffer<int>(0); }),
            "invalid_argument: a buffer has at least one byte");
  EXPECT_EQ(error_of([&] { (void)runtime->adopt(std::span<int>{}); }),
            "invalid_argument: an adopted span has at least one byte");
}

TEST_F(Buffers, a_graph_of_a_destroyed_buffer_is_refused_by_name) {
  std::optional<Buffer<int>> x = runtime->buffer<int>(4);
  const std::string id = std::to_string(x->id().value);
  Graph graph;
  graph.add(fill, *x, 1);
  const Plan plan = runtime->compile(graph);
  x.reset();
  EXPECT_EQ(error_of([&] { (void)runtime->run(plan); }),
            "invalid_argument: run: buffer " + id + " was destroyed");
  EXPECT_EQ(error_of([&] { (void)runtime->run(graph); }),
            "invalid_argument: run: buffer " + id + " was destroyed");
}

TEST_F(Buffers, that_a_run_still_uses_live_on_until_it_is_over) {
  constexpr Kernel<void(Read<int>, Write<int>)> late{"late"};
  Event destroyed;
  define_host(late, [&](HostView<const int> from, HostView<int> to) {
    destroyed.wait();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i];
  });
  std::optional<Buffer<int>> x = buffer_of({1, 2, 3, 4});
  const Buffer<int> y = runtime->buffer<int>(4);
  Graph graph;
  graph.add(late, *x, y);
  const Run run = runtime->run(graph);
  x.reset();
  destroyed.set();
  run.wait();
  EXPECT_EQ(contents(y), (std::vector{1, 2, 3, 4}));
}

TEST_F(Buffers, destroying_an_adopted_one_waits_for_the_run_that_uses_it) {
  constexpr Kernel<void(Update<int>)> slow{"slow"};
  Event begun, let_go;
  std::atomic<bool> destroyed{false}, early{false};
  define_host(slow, [&](HostView<int> x) {
    begun.set();
    let_go.wait();
    // Long enough for a destructor that does not wait to have returned.
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::yield();
      if (destroyed) early = true;
    }
    x[0] = 7;
  });
  std::array<int, 4> memory{};
  std::optional<Buffer<int>> x = runtime->adopt(std::span{memory});
  Graph graph;
  graph.add(slow, *x);
  const Run run = runtime->run(graph);
  begun.wait();
  std::thread destroyer{[&] {
    let_go.set();
    x.reset();
    destroyed = true;
  }};
  destroyer.join();
  EXPECT_FALSE(early);
  EXPECT_EQ(memory[0], 7);
  run.wait();
}

}  // namespace
}  // namespace troika
