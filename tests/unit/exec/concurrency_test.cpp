// Many threads on one runtime: what they compute is what one thread would.
#include <array>
#include <atomic>
#include <barrier>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr int threads = 8;
constexpr int replays = 40;

class Concurrency : public HostRuntime {
 protected:
  // Calls body(thread) on all threads, which begin together.
  static void on_all(const std::function<void(int)>& body) {
    std::barrier start{threads};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        start.arrive_and_wait();
        body(t);
      });
    for (std::thread& thread : all) thread.join();
  }
};

TEST_F(Concurrency, replays_of_one_plan_on_shared_buffers_equal_serial_ones) {
  const Buffer<int> x = buffer_of({1, 2, 3, 4}), y = buffer_of({0, 0, 0, 0});
  Graph graph;
  graph.add(affine, x, 3, 1);
  graph.add(copy, x, y);
  graph.add(affine, y, 5, 7);
  graph.add(copy, y, x);
  const Plan plan = runtime->compile(graph);
  on_all([&](int) {
    for (int i = 0; i < replays; ++i) runtime->run(plan).wait();
  });
  std::vector<unsigned> expected{1, 2, 3, 4};
  for (int i = 0; i < threads * replays; ++i)
    for (unsigned& element : expected) element = 5 * (3 * element + 1) + 7;
  EXPECT_EQ(contents(x), (std::vector<int>{expected.begin(), expected.end()}));
  EXPECT_EQ(contents(y), (std::vector<int>{expected.begin(), expected.end()}));
}

void replay_on_scratch(Runtime& runtime, std::uint32_t slots,
                       const std::function<void(const std::function<void(int)>&)>& on_all) {
  const Buffer<int> in = runtime.buffer<int>(4), out = runtime.buffer<int>(4);
  Graph graph;
  const Scratch<int> a = graph.scratch<int>(4), b = graph.scratch<int>(4);
  graph.add(copy, in, a);
  graph.add(affine, a, 3, 1);
  graph.add(copy, a, b);
  graph.add(affine, b, 5, 7);
  graph.add(copy, b, out);
  Plan plan = runtime.compile(graph);
  plan.set_run_slots(slots);
  std::atomic<int> wrong{0};
  on_all([&](int thread) {
    const Buffer<int> mine = runtime.buffer<int>(4), result = runtime.buffer<int>(4);
    for (int i = 0; i < replays; ++i) {
      const int value = 1000 * thread + i;
      for (int& element : mine.write()) element = value;
      runtime.run(plan, {bind(in, mine), bind(out, result)}).wait();
      for (const int element : result.read())
        if (element != 5 * (3 * value + 1) + 7) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(Concurrency, replays_of_one_plan_on_scratch_never_see_each_others_bytes) {
  replay_on_scratch(*runtime, 8, on_all);
}

TEST_F(Concurrency, more_replays_than_run_slots_wait_their_turn) {
  replay_on_scratch(*runtime, 2, on_all);
}

TEST_F(Concurrency, runs_in_flight_from_one_thread_are_ordered_by_what_they_touch) {
  const Buffer<int> x = buffer_of({0}), y = buffer_of({0});
  Graph first, second;
  first.add(affine, x, 2, 1);
  second.add(affine, x, 1, 3);
  second.add(copy, x, y);
  const Plan one = runtime->compile(first), two = runtime->compile(second);
  std::vector<Run> runs;
  unsigned expected = 0;
  for (int i = 0; i < 60; ++i) {
    runs.push_back(runtime->run(one));
    runs.push_back(runtime->run(two));
    expected = 2 * expected + 1 + 3;
  }
  for (const Run& run : runs) run.wait();
  EXPECT_EQ(contents(y), std::vector{static_cast<int>(expected)});
}

TEST_F(Concurrency, buffers_and_plans_come_and_go_beside_running_ones) {
  std::atomic<int> wrong{0};
  on_all([&](int thread) {
    std::array<int, 16> memory{};
    for (int i = 0; i < replays; ++i) {
      const Buffer<int> own = runtime->buffer<int>(16);
      const Buffer<int> adopted = runtime->adopt(std::span{memory});
      Graph graph;
      graph.add(fill, own, thread);
      graph.add(add, own, i);
      graph.add(copy, own, adopted);
      const Run run = runtime->run(graph);
      if (i % 2 == 0) run.wait();
      if (adopted.read()[7] != thread + i) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(Concurrency, buffers_may_go_while_runs_use_them) {
  on_all([&](int thread) {
    std::vector<Run> runs;
    for (int i = 0; i < replays; ++i) {
      const Buffer<int> x = runtime->buffer<int>(16), y = runtime->buffer<int>(16);
      Graph graph;
      graph.add(fill, x, thread);
      graph.add(copy, x, y);
      runs.push_back(runtime->run(graph));
    }
    for (const Run& run : runs) run.wait();
  });
  EXPECT_EQ(runtime->counters().tasks_done, static_cast<std::uint64_t>(threads) * replays * 2);
}

TEST_F(Concurrency, a_run_that_is_cancelled_as_it_goes_ends_as_done_or_as_cancelled) {
  std::atomic<int> neither{0};
  on_all([&](int thread) {
    const Buffer<int> x = runtime->buffer<int>(1);
    Graph graph;
    graph.add(fill, x, 0);
    for (int i = 0; i < 6; ++i) graph.add(add, x, 1);
    const Plan plan = runtime->compile(graph);
    for (int i = 0; i < replays; ++i) {
      const Run run = runtime->run(plan);
      std::thread canceller{[&] {
        for (int spin = 0; spin < (thread * 31 + i) % 7; ++spin) std::this_thread::yield();
        run.cancel();
      }};
      const Status status = run.status();
      canceller.join();
      const int reached = x.read()[0];
      const bool done = status.ok() && reached == 6;
      const bool cancelled = status.code() == Code::cancelled;
      if (!done && !cancelled) ++neither;
    }
    runtime->run(plan).wait();
    if (x.read()[0] != 6) ++neither;
  });
  EXPECT_EQ(neither, 0);
}

TEST_F(Concurrency, a_failing_run_does_not_touch_the_runs_beside_it) {
  constexpr Kernel<void(Update<int>)> throws{"throws"};
  define_host(throws, [](HostView<int>) { throw std::runtime_error{"no paper"}; });
  std::atomic<int> wrong{0};
  on_all([&](int thread) {
    const Buffer<int> x = runtime->buffer<int>(1);
    Graph graph;
    graph.add(fill, x, 1);
    if (thread % 2 == 0) graph.add(throws, x);
    graph.add(add, x, 1);
    const Plan plan = runtime->compile(graph);
    for (int i = 0; i < replays; ++i) {
      const Status status = runtime->run(plan).status();
      if ((thread % 2 == 0) != (status.code() == Code::kernel_failed)) ++wrong;
      if (thread % 2 != 0 && x.read()[0] != 2) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace troika
