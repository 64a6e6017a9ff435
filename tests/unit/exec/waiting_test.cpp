// Who may wait for what, and that everybody who may is served.
#include <atomic>
#include <barrier>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class Waiting : public HostRuntime {};

constexpr const char* on_a_worker =
    "would_deadlock: wait() on a thread of Troika's: use after(), a sub-graph, or blocking()";

TEST_F(Waiting, on_a_troika_thread_is_an_error) {
  constexpr Kernel<void(Update<int>)> waits{"waits"};
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph inner;
  inner.add(add, y, 1);
  std::string waited, read;
  define_host(waits, [&](HostView<int>) {
    const Run child = runtime->run(inner);
    waited = child.done() ? on_a_worker : error_of([&] { child.wait(); });
    read = error_of([&] { (void)x.read(); });  // which this task holds
  });
  Graph graph;
  graph.add(waits, x);
  runtime->run(graph).wait();
  EXPECT_EQ(waited, on_a_worker);
  EXPECT_EQ(read, on_a_worker);
}

TEST_F(Waiting, for_the_run_that_one_is_part_of_is_an_error) {
  constexpr Kernel<void(Update<int>)> waits{"waits"};
  const Buffer<int> x = buffer_of({1});
  std::optional<Run> self;
  Event known;
  std::string waited;
  define_host(waits, [&](HostView<int>) {
    known.wait();
    waited = error_of([&] { self->wait(); });
  });
  Graph graph;
  graph.add(waits, x);
  self = runtime->run(graph);
  known.set();
  self->wait();
  EXPECT_EQ(waited, on_a_worker);
}

TEST_F(Waiting, a_caller_that_blocks_gets_every_worker) {
  constexpr Kernel<void(Update<int>)> meets{"meets"};
  std::barrier both{2};
  define_host(meets, [&](HostView<int>) { both.arrive_and_wait(); });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph graph;
  graph.add(meets, x);
  graph.add(meets, y);
  for (int i = 0; i < 20; ++i) runtime->run(graph).wait();
}

TEST_F(Waiting, two_tasks_on_two_workers_get_the_sub_graphs_that_join_them) {
  constexpr Kernel<void(Update<int>)> spawns{"spawns"};
  std::barrier both{2};
  const Buffer<int> x = buffer_of({1}), y = buffer_of({2});
  define_host(spawns, [&](TaskContext& context, HostView<int> mine) {
    both.arrive_and_wait();
    Graph child;
    const Buffer<int>& own = mine[0] == 1 ? x : y;
    for (int i = 0; i < 10; ++i) child.add(add, own, 10);
    context.submit(child);
    both.arrive_and_wait();
  });
  Graph graph;
  graph.add(spawns, x);
  graph.add(spawns, y);
  graph.add(add, x, 1000);
  graph.add(add, y, 1000);
  runtime->run(graph).wait();
  EXPECT_EQ(contents(x), std::vector{1101});
  EXPECT_EQ(contents(y), std::vector{1102});
}

TEST_F(Waiting, two_tasks_on_two_workers_can_block_for_runs_of_their_own) {
  constexpr Kernel<void(Update<int>)> blocks{"blocks"};
  std::barrier both{2};
  define_host(blocks, [&](HostView<int> mine) {
    both.arrive_and_wait();
    const Buffer<int> own = runtime->buffer<int>(1);
    Graph child;
    child.add(fill, own, 40);
    child.add(add, own, mine[0]);
    runtime->blocking([&] {
      runtime->run(child).wait();
      mine[0] = own.read()[0];
    });
  });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({2});
  Graph graph;
  graph.add(blocks, x);
  graph.add(blocks, y);
  runtime->run(graph).wait();
  EXPECT_EQ(contents(x), std::vector{41});
  EXPECT_EQ(contents(y), std::vector{42});
}

// With a timeout a task is placed by the strand rather than run on the host lane.
constexpr Nanos an_hour = std::chrono::hours{1};

TEST_F(Waiting, tasks_on_every_worker_can_block_for_runs_that_the_scheduler_places) {
  constexpr Kernel<void(Update<int>)> blocks{"blocks"};
  std::barrier both{2};
  define_host(blocks, [&](HostView<int> mine) {
    both.arrive_and_wait();
    const Buffer<int> own = runtime->buffer<int>(1);
    Graph child;
    child.add(fill, own, 40).timeout(an_hour);
    child.add(add, own, mine[0]).timeout(an_hour);
    runtime->blocking([&] {
      runtime->run(child).wait();
      mine[0] = own.read()[0];
    });
  });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({2});
  Graph graph;
  graph.add(blocks, x).timeout(an_hour);
  graph.add(blocks, y).timeout(an_hour);
  const Plan plan = runtime->compile(graph);
  for (int i = 0; i < 50; ++i) runtime->run(plan).wait();
  EXPECT_EQ(contents(x), std::vector{1 + 50 * 40});
  EXPECT_EQ(contents(y), std::vector{2 + 50 * 40});
}

TEST_F(Waiting, a_task_that_blocks_holds_up_nothing_that_was_queued_behind_it) {
  constexpr Kernel<void(Update<int>)> blocks{"blocks"};
  constexpr int tiny_tasks = 100;
  const Buffer<int> x = buffer_of({0});
  std::vector<Buffer<int>> tiny;
  Graph after;
  for (int i = 0; i < tiny_tasks; ++i) {
    tiny.push_back(buffer_of({i}));
    after.add(add, tiny.back(), 1000).timeout(an_hour);
  }
  define_host(blocks, [&](HostView<int> mine) {
    runtime->blocking([&] { runtime->run(after).wait(); });  // ordered behind this very run's tasks
    mine[0] += 1;
  });
  Graph graph;
  graph.add(blocks, x).timeout(an_hour);
  for (const Buffer<int>& each : tiny) graph.add(add, each, 1).timeout(an_hour);
  const Plan plan = runtime->compile(graph);
  for (int i = 0; i < 20; ++i) runtime->run(plan).wait();
  EXPECT_EQ(contents(x), std::vector{20});
  for (int i = 0; i < tiny_tasks; ++i)
    EXPECT_EQ(contents(tiny[static_cast<std::size_t>(i)]), std::vector{i + 20 * 1001}) << i;
}

TEST_F(Waiting, what_a_blocked_task_waits_for_can_block_too) {
  constexpr Kernel<void(Update<int>, int)> descends{"descends"};
  define_host(descends, [&](HostView<int> mine, int depth) {
    if (depth > 0) {
      const Buffer<int> own = runtime->buffer<int>(1);
      Graph child;
      child.add(fill, own, 0).timeout(an_hour);
      child.add(descends, own, depth - 1).timeout(an_hour);
      runtime->blocking([&] {
        runtime->run(child).wait();
        mine[0] += own.read()[0];
      });
    }
    mine[0] += 1;
  });
  const Buffer<int> x = buffer_of({0}), y = buffer_of({0});
  Graph graph;
  graph.add(descends, x, 10).timeout(an_hour);
  graph.add(descends, y, 10).timeout(an_hour);
  runtime->run(graph).wait();
  EXPECT_EQ(contents(x), std::vector{11});
  EXPECT_EQ(contents(y), std::vector{11});
}

TEST_F(Waiting, blocking_elsewhere_than_on_a_worker_just_calls) {
  bool called = false;
  runtime->blocking([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST_F(Waiting, a_body_that_throws_gives_the_place_back) {
  constexpr Kernel<void(Write<int>)> blocks{"blocks"};
  define_host(blocks, [&](HostView<int>) {
    runtime->blocking([] { throw std::runtime_error{"out of patience"}; });
  });
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(blocks, x);
  // More often than there are spare workers.
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(error_of([&] { runtime->run(graph).wait(); }),
              "kernel_failed: task 0 (blocks): on host: blocks threw: out of patience")
        << i;
}

TEST_F(Waiting, a_sub_graph_beyond_what_its_task_declares_is_refused) {
  constexpr Kernel<void(Read<int>)> spawns{"spawns"};
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  std::string undeclared, unwritten;
  define_host(spawns, [&](TaskContext& context, HostView<const int>) {
    Graph other, same;
    other.add(fill, y, 1);
    same.add(fill, x, 1);
    undeclared = error_of([&] { context.submit(other); });
    unwritten = error_of([&] { context.submit(same); });
  });
  Graph graph;
  graph.add(spawns, x);
  runtime->run(graph).wait();
  const auto expected = [](const Buffer<int>& buffer) {
    return "invalid_argument: sub-graph of task 0 (spawns) touches buffer " +
           std::to_string(buffer.id().value) + " beyond what the task declares";
  };
  EXPECT_EQ(undeclared, expected(y));
  EXPECT_EQ(unwritten, expected(x));
}

TEST_F(Waiting, a_task_fails_with_the_sub_graph_that_fails) {
  constexpr Kernel<void(Update<int>)> spawns{"spawns"}, throws{"throws"};
  const Buffer<int> x = buffer_of({1});
  define_host(throws, [](HostView<int>) { throw std::runtime_error{"no paper"}; });
  define_host(spawns, [&](TaskContext& context, HostView<int>) {
    Graph child;
    child.add(throws, x);
    context.submit(child);
  });
  Graph graph;
  graph.add(spawns, x).label("parent");
  EXPECT_EQ(error_of([&] { runtime->run(graph).wait(); }),
            "kernel_failed: task 0 (spawns: parent): task 0 (throws): on host: throws threw: no "
            "paper");
}

TEST_F(Waiting, cancelling_a_run_cancels_its_sub_graphs) {
  constexpr Kernel<void(Update<int>)> spawns{"spawns"}, looks{"looks"};
  const Buffer<int> x = buffer_of({1});
  Event begun;
  define_host(looks, [&](TaskContext& context, HostView<int>) {
    begun.set();
    while (!context.cancelled()) std::this_thread::yield();
  });
  define_host(spawns, [&](TaskContext& context, HostView<int>) {
    Graph child;
    child.add(looks, x);
    child.add(add, x, 100);
    context.submit(child);
  });
  Graph graph;
  graph.add(spawns, x);
  const Run run = runtime->run(graph);
  begun.wait();
  run.cancel();
  EXPECT_EQ(run.status().code(), Code::cancelled);
}

}  // namespace
}  // namespace troika
