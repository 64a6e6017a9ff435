// Kernels that throw, hang or are cancelled: who hears of it, and who does not.
#include <array>
#include <atomic>
#include <stdexcept>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr Kernel<void(Update<int>)> throws{"throws"};
constexpr Kernel<void(Update<int>)> hangs{"hangs"};

class Failures : public HostRuntime {
 protected:
  Failures() : HostRuntime{2, impatient()} {}
  static RuntimeOptions impatient() {
    RuntimeOptions options;
    options.executor.first_run_allowance = Nanos{0};
    return options;
  }

  void SetUp() override {
    define_host(throws, [](HostView<int>) { throw std::runtime_error{"no paper"}; });
  }
};

TEST_F(Failures, a_throwing_kernel_fails_the_run_with_task_device_and_cause) {
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(throws, x).label("page 1");
  const Run run = runtime->run(graph);
  const std::string expected =
      "kernel_failed: task 0 (throws: page 1): on host: throws threw: no paper";
  EXPECT_EQ(error_of([&] { run.wait(); }), expected);
  EXPECT_EQ(error_of([&] { run.wait(); }), expected);
  EXPECT_EQ(run.status().to_string(), expected);
}

TEST_F(Failures, whatever_a_kernel_throws_is_its_failure) {
  constexpr Kernel<void(Update<int>)> throws_a_number{"throws_a_number"};
  define_host(throws_a_number, [](HostView<int>) { throw 7; });
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(throws_a_number, x);
  EXPECT_EQ(error_of([&] { runtime->run(graph).wait(); }),
            "kernel_failed: task 0 (throws_a_number): on host: throws_a_number threw something "
            "without a message");
}

TEST_F(Failures, a_failed_task_poisons_its_successors_and_spares_the_independent) {
  const Buffer<int> x = buffer_of({1}), y = buffer_of({2}), z = buffer_of({3}),
                    other = buffer_of({4});
  Graph graph;
  graph.add(throws, x);
  graph.add(copy, x, y);
  graph.add(copy, y, z);
  graph.add(add, other, 1);
  const Run run = runtime->run(graph);
  EXPECT_EQ(run.status().code(), Code::kernel_failed);
  EXPECT_EQ(contents(other), std::vector{5});
  const Counters counters = runtime->counters();
  EXPECT_EQ(counters.tasks_failed, 1U);
  EXPECT_EQ(counters.tasks_poisoned, 2U);
  EXPECT_EQ(run.tasks_by_device(), std::vector<std::uint64_t>{1});
}

TEST_F(Failures, nothing_runs_on_what_a_failed_host_kernel_left_behind) {
  constexpr Kernel<void(Read<int>, Write<int>)> counted{"counted"};
  std::atomic<int> calls{0};
  define_host(counted, [&](HostView<const int> from, HostView<int> to) {
    ++calls;
    to[0] = from[0];
  });
  // On the host lane; and, when tasks have a timeout, by the strand.
  for (const Nanos timeout : {forever, Nanos{std::chrono::hours{1}}}) {
    const Buffer<int> x = buffer_of({1}), y = buffer_of({2}), z = buffer_of({3});
    Graph graph;
    graph.add(throws, x).timeout(timeout);
    graph.add(counted, x, y).timeout(timeout);
    graph.add(counted, y, z).timeout(timeout);
    EXPECT_EQ(runtime->run(graph).status().code(), Code::kernel_failed);
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(contents(y), std::vector{2});
    EXPECT_EQ(contents(z), std::vector{3});
  }
}

TEST_F(Failures, half_written_bytes_are_lost_until_they_are_overwritten_whole) {
  const Buffer<int> x = buffer_of({1, 2});
  Graph graph;
  graph.add(throws, x);
  EXPECT_EQ(runtime->run(graph).status().code(), Code::kernel_failed);
  const std::string id = std::to_string(x.id().value);
  const std::string lost = "buffer " + id +
                           ": task 0 (throws) failed while writing it: kernel_failed: on host: "
                           "throws threw: no paper";
  EXPECT_EQ(error_of([&] { (void)x.read(); }), "data_lost: task 0 (troika.host_read): " + lost);
  Graph reader;
  const Buffer<int> y = buffer_of({0, 0});
  reader.add(copy, x, y);
  EXPECT_EQ(error_of([&] { runtime->run(reader).wait(); }), "data_lost: task 0 (copy): " + lost);
  Graph half;
  half.add(fill, x.slice(0, 1), 8);
  runtime->run(half).wait();
  EXPECT_EQ(error_of([&] { (void)x.read(); }), "data_lost: task 0 (troika.host_read): " + lost);
  Graph rest;
  rest.add(fill, x.slice(1, 1), 9);
  runtime->run(rest).wait();
  EXPECT_EQ(contents(x), (std::vector{8, 9}));
}

TEST_F(Failures, a_task_that_may_run_again_is_tried_as_often_as_it_asks) {
  constexpr Kernel<void(Write<int>)> third_time{"third_time"};
  std::atomic<int> calls{0};
  define_host(third_time, [&](HostView<int> to) {
    if (++calls < 3) throw std::runtime_error{"not yet"};
    to[0] = calls;
  });
  const Buffer<int> x = runtime->buffer<int>(1);
  Graph graph;
  graph.add(third_time, x).idempotent(true).retries(2);
  runtime->run(graph).wait();
  EXPECT_EQ(contents(x), std::vector{3});
  EXPECT_EQ(runtime->counters().recovered, 1U);
  calls = 0;
  Graph impatient;
  impatient.add(third_time, x).idempotent(true).retries(1);
  EXPECT_EQ(runtime->run(impatient).status().code(), Code::kernel_failed);
  EXPECT_EQ(calls, 2);
}

TEST_F(Failures, a_host_kernel_runs_once_unless_it_is_called_idempotent) {
  constexpr Kernel<void(Write<int>)> counts{"counts"};
  std::atomic<int> calls{0};
  define_host(counts, [&](HostView<int>) {
    ++calls;
    throw std::runtime_error{"no"};
  });
  const Buffer<int> x = runtime->buffer<int>(1);
  Graph graph;
  graph.add(counts, x).retries(5);
  EXPECT_EQ(runtime->run(graph).status().code(), Code::kernel_failed);
  EXPECT_EQ(calls, 1);
}

TEST_F(Failures, a_cancelled_run_ends_with_what_was_running_and_starts_nothing_more) {
  constexpr Kernel<void(Update<int>)> held{"held"};
  Event begun, let_go;
  define_host(held, [&](HostView<int> x) {
    begun.set();
    let_go.wait();
    x[0] += 1;
  });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph graph;
  graph.add(held, x);
  // More than a queue holds: what is in one is run to its end.
  for (int i = 0; i < 200; ++i) graph.add(add, x, 10);
  graph.add(copy, x, y);
  const Run run = runtime->run(graph);
  begun.wait();
  run.cancel();
  EXPECT_EQ(run.wait_for(Nanos{0}).to_string(), "timed_out: the run is not over at the deadline");
  let_go.set();
  EXPECT_EQ(error_of([&] { run.wait(); }), "cancelled: the run was cancelled");
  EXPECT_EQ(error_of([&] { run.wait(); }), "cancelled: the run was cancelled");
  EXPECT_EQ(contents(x)[0] % 10, 2);
  EXPECT_LT(contents(x)[0], 2002);
  EXPECT_EQ(contents(y)[0], 1);
  EXPECT_GT(runtime->counters().tasks_cancelled, 0U);
}

TEST_F(Failures, cancelling_what_is_over_changes_nothing) {
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(add, x, 1);
  const Run run = runtime->run(graph);
  run.wait();
  run.cancel();
  run.wait();
  EXPECT_EQ(contents(x), std::vector{2});
}

TEST_F(Failures, a_run_cancelled_before_its_turn_never_starts) {
  constexpr Kernel<void(Update<int>)> held{"held"};
  Event let_go;
  define_host(held, [&](HostView<int> x) {
    let_go.wait();
    x[0] += 1;
  });
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(held, x);
  Plan plan = runtime->compile(graph);
  plan.set_run_slots(1);
  const Run running = runtime->run(plan);
  const Run waiting = runtime->run(plan);
  waiting.cancel();
  EXPECT_EQ(waiting.status().to_string(), "cancelled: the run was cancelled");
  let_go.set();
  running.wait();
  EXPECT_EQ(contents(x), std::vector{2});
}

TEST_F(Failures, a_kernel_can_see_that_its_run_was_cancelled) {
  constexpr Kernel<void(Update<int>)> looks{"looks"};
  Event begun;
  define_host(looks, [&](TaskContext& context, HostView<int>) {
    begun.set();
    while (!context.cancelled()) std::this_thread::yield();
  });
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(looks, x);
  const Run run = runtime->run(graph);
  begun.wait();
  run.cancel();
  EXPECT_EQ(run.status().code(), Code::cancelled);
}

// Kernels that hang outlive the runtime: what they wait for does so too.
struct Hang {
  Event begun, let_go, returned;
};

class Hangs : public Failures {
 protected:
  void SetUp() override {
    Failures::SetUp();
    define_host(hangs, [hang = hang](HostView<int>) {
      hang->begun.set();
      hang->let_go.wait();
      hang->returned.set();
    });
  }
  void TearDown() override {
    const bool ran = hang->begun.is_set();
    hang->let_go.set();
    if (ran) hang->returned.wait();
  }

  const std::shared_ptr<Hang> hang = std::make_shared<Hang>();
};

TEST_F(Hangs, a_kernel_that_never_returns_times_out_and_other_runs_go_on) {
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph stuck, others;
  stuck.add(hangs, x).timeout(std::chrono::milliseconds{20}).label("for ever");
  for (int i = 0; i < 50; ++i) others.add(add, y, 1);
  const Run run = runtime->run(stuck);
  EXPECT_EQ(run.status().to_string(),
            "timed_out: task 0 (hangs: for ever): on host: task 0 (hangs: for ever) did not end in "
            "time on host");
  runtime->run(others).wait();
  EXPECT_EQ(contents(y), std::vector{51});
  EXPECT_EQ(runtime->counters().devices_lost, 0U);
  EXPECT_GT(runtime->counters().quarantined_bytes, 0U);
}

TEST_F(Hangs, what_another_run_has_behind_a_hung_kernel_is_done_all_the_same) {
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph stuck, others;
  stuck.add(hangs, x).timeout(std::chrono::milliseconds{20});
  // With a timeout they go by the strand, into the workers' queues.
  for (int i = 0; i < 50; ++i) others.add(add, y, 1).timeout(std::chrono::hours{1});
  const Run run = runtime->run(stuck);
  const Run going_on = runtime->run(others);
  EXPECT_EQ(run.status().code(), Code::timed_out);
  EXPECT_EQ(error_of([&] { going_on.wait(); }), "no error");
  EXPECT_EQ(contents(y), std::vector{51});
}

TEST_F(Hangs, what_never_began_behind_hung_kernels_runs_once_though_it_is_not_idempotent) {
  constexpr Kernel<void(Update<int>)> hangs_too{"hangs_too"};
  constexpr Kernel<void(Update<int>)> counted{"counted"};
  const auto other = std::make_shared<Hang>();
  const auto calls = std::make_shared<std::atomic<int>>(0);
  define_host(hangs_too, [other](HostView<int>) {
    other->begun.set();
    other->let_go.wait();
    other->returned.set();
  });
  define_host(counted, [calls](HostView<int> x) { x[0] += ++*calls; });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  std::vector<Buffer<int>> spared;
  // One run, so that all is in the queues before a timeout can be noticed.
  Graph graph;
  graph.add(hangs, x).timeout(std::chrono::milliseconds{20}).priority(Priority::high);
  graph.add(hangs_too, y).timeout(std::chrono::milliseconds{20}).priority(Priority::high);
  for (int i = 0; i < 6; ++i) {
    spared.push_back(buffer_of({1}));
    graph.add(counted, spared.back());
  }
  EXPECT_EQ(runtime->run(graph).status().code(), Code::timed_out);
  int sum = 0;
  for (const Buffer<int>& each : spared) sum += contents(each)[0];
  EXPECT_EQ(sum, 6 + 1 + 2 + 3 + 4 + 5 + 6);
  EXPECT_EQ(*calls, 6);
  const Counters counters = runtime->counters();
  EXPECT_GT(counters.recalled, 0U);
  EXPECT_EQ(counters.attempts_failed, 2U);
  other->let_go.set();
  if (other->begun.is_set()) other->returned.wait();
}

TEST_F(Hangs, a_hung_worker_is_replaced) {
  const Buffer<int> x = buffer_of({1});
  Graph stuck;
  stuck.add(hangs, x).timeout(std::chrono::milliseconds{20});
  EXPECT_EQ(runtime->run(stuck).status().code(), Code::timed_out);
  // Both of these must run at once.
  constexpr Kernel<void(Update<int>)> meets{"meets"};
  std::atomic<int> inside{0};
  Event both;
  define_host(meets, [&](HostView<int>) {
    if (++inside == 2) both.set();
    both.wait();
  });
  const Buffer<int> y = buffer_of({1}), z = buffer_of({1});
  Graph pair;
  pair.add(meets, y);
  pair.add(meets, z);
  runtime->run(pair).wait();
}

TEST_F(Hangs, the_hung_kernels_bytes_are_lost_until_a_run_overwrites_them) {
  const Buffer<int> x = buffer_of({1});
  Graph stuck, fresh;
  stuck.add(hangs, x).timeout(std::chrono::milliseconds{20});
  EXPECT_EQ(runtime->run(stuck).status().code(), Code::timed_out);
  EXPECT_EQ(error_of([&] { (void)x.read(); }).substr(0, 10), "data_lost:");
  fresh.add(fill, x, 5);
  runtime->run(fresh).wait();
  EXPECT_EQ(contents(x), std::vector{5});
}

TEST_F(Hangs, adopted_memory_that_a_hung_kernel_may_touch_is_refused_and_named) {
  static std::array<int, 4> memory{};
  std::optional<Buffer<int>> x = runtime->adopt(std::span{memory});
  Graph stuck, fresh;
  stuck.add(hangs, *x).timeout(std::chrono::milliseconds{20});
  EXPECT_EQ(runtime->run(stuck).status().code(), Code::timed_out);
  fresh.add(fill, *x, 5);
  const std::string error = error_of([&] { runtime->run(fresh).wait(); });
  EXPECT_NE(error.find("buffer " + std::to_string(x->id().value) +
                       ": memory given by the user that a lost device may still touch"),
            std::string::npos)
      << error;
  x.reset();
}

TEST_F(Hangs, a_runtime_whose_kernel_hangs_can_be_destroyed) {
  const Buffer<int> x = buffer_of({1});
  Graph stuck;
  stuck.add(hangs, x).timeout(std::chrono::milliseconds{20});
  const Run run = runtime->run(stuck);
  EXPECT_EQ(run.status().code(), Code::timed_out);
  runtime.reset();
  EXPECT_EQ(run.status().code(), Code::timed_out);
}

}  // namespace
}  // namespace troika
