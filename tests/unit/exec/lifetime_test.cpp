// Handles that outlive their runtime, and processes that are forks of the runtime's.
#include <array>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class Lifetime : public HostRuntime {};

TEST_F(Lifetime, a_run_keeps_its_outcome_when_the_runtime_is_gone) {
  constexpr Kernel<void(Update<int>)> throws{"throws"};
  define_host(throws, [](HostView<int>) { throw std::runtime_error{"no paper"}; });
  const Buffer<int> x = buffer_of({1}), y = buffer_of({1});
  Graph good, bad;
  good.add(add, x, 1);
  bad.add(throws, y);
  const Run fine = runtime->run(good), failed = runtime->run(bad);
  const std::string first = error_of([&] { failed.wait(); });
  fine.wait();
  runtime.reset();
  EXPECT_EQ(error_of([&] { failed.wait(); }), first);
  EXPECT_EQ(error_of([&] { fine.wait(); }), "no error");
  fine.cancel();
  EXPECT_TRUE(fine.status().ok());
}

TEST_F(Lifetime, the_end_of_a_runtime_cancels_its_runs_and_waits_for_them) {
  constexpr Kernel<void(Update<int>)> looks{"looks"};
  Event begun;
  bool returned = false;
  define_host(looks, [&](TaskContext& context, HostView<int>) {
    begun.set();
    while (!context.cancelled()) std::this_thread::yield();
    returned = true;
  });
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(looks, x);
  graph.add(add, x, 1);
  const Run run = runtime->run(graph);
  begun.wait();
  runtime.reset();
  EXPECT_TRUE(returned);
  EXPECT_TRUE(run.done());
  EXPECT_EQ(error_of([&] { run.wait(); }), "cancelled: the run was cancelled");
}

TEST_F(Lifetime, new_calls_are_unavailable_when_the_runtime_is_gone) {
  const Buffer<int> x = buffer_of({1});
  Graph graph;
  graph.add(add, x, 1);
  const Plan plan = runtime->compile(graph);
  const std::shared_ptr<RuntimeCore> core = runtime->core();
  std::array<int, 1> memory{};
  runtime.reset();
  const std::string gone = "unavailable: the runtime is gone";
  EXPECT_EQ(error_of([&] { (void)x.read(); }), gone);
  EXPECT_EQ(error_of([&] { (void)x.write(); }), gone);
  EXPECT_EQ(core->start(plan.state(), {}, nullptr).status().to_string(), gone);
  EXPECT_EQ(core->compile(graph, RuntimeCore::Runs::many).status().to_string(), gone);
  EXPECT_EQ(core->create_buffer(4).status().to_string(), gone);
  EXPECT_EQ(core->adopt(std::as_writable_bytes(std::span{memory})).status().to_string(), gone);
}

TEST_F(Lifetime, adopted_memory_may_go_with_its_buffer_after_the_runtime) {
  auto memory = std::make_unique<std::array<int, 4>>();
  std::optional<Buffer<int>> x = runtime->adopt(std::span{*memory});
  Graph graph;
  graph.add(fill, *x, 3);
  runtime->run(graph).wait();
  runtime.reset();
  x.reset();
  EXPECT_EQ((*memory)[3], 3);
  memory.reset();
}

TEST_F(Lifetime, dropping_every_handle_of_a_run_leaves_it_running) {
  const Buffer<int> x = buffer_of({1});
  for (int i = 0; i < 100; ++i) {
    Graph graph;
    graph.add(add, x, 1);
    (void)runtime->run(graph);
  }
  EXPECT_EQ(contents(x), std::vector{101});
}

// Exit code of a forked child that runs `body` and returns normally; -1 when it was killed.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) std::exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(Lifetime, in_a_forked_child_every_call_fails_and_the_child_exits_cleanly) {
  constexpr Kernel<void(Update<int>)> held{"held"};
  Event begun, let_go;
  define_host(held, [&](HostView<int> x) {
    begun.set();
    let_go.wait();
    x[0] += 1;
  });
  std::array<int, 4> memory{}, more{};
  std::optional<Buffer<int>> x = buffer_of({1}), adopted = runtime->adopt(std::span{memory});
  Graph graph, other;
  graph.add(held, *x);
  other.add(fill, *adopted, 1);
  std::optional<Plan> plan = runtime->compile(other);
  std::optional<Run> running = runtime->run(graph);
  begun.wait();

  const int code = in_child([&] {
    const std::string forked = "unavailable: forked: this runtime belongs to the parent process";
    int number = 0;
    const auto refused = [&](const std::function<void()>& call) {
      ++number;
      return error_of(call) == forked;
    };
    const bool all = refused([&] { running->wait(); }) &&
                     refused([&] { (void)runtime->buffer<int>(4); }) &&
                     refused([&] { (void)runtime->adopt(std::span{more}); }) &&
                     refused([&] { (void)runtime->compile(other); }) &&
                     refused([&] { (void)runtime->run(*plan); }) &&
                     refused([&] { (void)runtime->run(other); }) &&
                     refused([&] { (void)x->read(); }) && refused([&] { (void)x->write(); }) &&
                     refused([&] { throw_if_failed(running->wait_for(Nanos{0})); }) &&
                     refused([&] { runtime->blocking([] {}); });
    running->cancel();
    running.reset();
    plan.reset();
    x.reset();
    adopted.reset();
    runtime.reset();
    return all ? 0 : number;
  });
  EXPECT_EQ(code, 0) << "the number of the call that was not refused";

  let_go.set();
  running->wait();
  EXPECT_EQ(contents(*x), std::vector{2});
}

}  // namespace
}  // namespace troika
