#include "runtime/exec/host_lane.h"

#include <functional>

#include "tests/unit/host_lane/random_graph.h"
#include "tests/unit/host_lane/thread_pool.h"

namespace troika {
namespace {

using testing::CheckedRun;
using testing::random_graph;
using testing::ThreadPool;

TEST(HostLane, runs_graphs_on_real_threads_in_order_and_again) {
  ThreadPool pool{4};
  HostLane lane{pool};
  std::mt19937_64 random{7};
  for (int i = 0; i < 20; ++i) {
    CheckedRun checked{random_graph(random, 20'000, i % 2 == 0)};
    for (int replay = 1; replay <= 5; ++replay) {
      Event over;
      auto body = checked.body();
      struct Both {
        CheckedRun* checked;
        Event* over;
      } both{&checked, &over};
      body.state = &both;
      body.run = [](void* state, std::uint32_t task, unsigned worker) noexcept {
        return static_cast<Both*>(state)->checked->run_task(task, worker);
      };
      body.over = [](void* state) noexcept { static_cast<Both*>(state)->over->set(); };
      lane.start(checked.run, body);
      over.wait();
      ASSERT_EQ(checked.early, 0);
      ASSERT_EQ(checked.ran, std::vector<int>(checked.ran.size(), replay));
    }
  }
}

TEST(HostLane, serves_many_runs_at_once) {
  ThreadPool pool{3};
  HostLane lane{pool};
  std::mt19937_64 random{11};
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<CheckedRun>> runs;
    for (int i = 0; i < 8; ++i) {
      runs.push_back(std::make_unique<CheckedRun>(random_graph(random, 2'000, i % 2 == 0)));
    }
    for (auto& run : runs) lane.start(run->run, run->body());
    for (auto& run : runs) {
      run->over.wait();
      ASSERT_EQ(run->early, 0);
      ASSERT_EQ(run->ran, std::vector<int>(run->ran.size(), 1));
    }
  }
}

// Each round a thread that is no worker starts a run just when the worker of the last one is about
// to leave. Were the wake-up lost, the round would never end.
TEST(HostLane, a_million_races_between_work_and_leaving_lose_no_wake_up) {
  constexpr int races = 1'000'000;
  ThreadPool pool{2};
  HostLane lane{pool, {.idle_rounds = 0, .step_tasks = 1024, .recorder = {}}};
  const auto graph = LaneGraph::make(1, {});
  ASSERT_TRUE(graph.ok());
  LaneRun run{*graph};
  std::atomic<int> over{0};
  const LaneBody body{
      .state = &over,
      .run = [](void*, std::uint32_t, unsigned) noexcept { return LaneOutcome::done; },
      .skipped = nullptr,
      .over =
          [](void* state) noexcept {
            static_cast<std::atomic<int>*>(state)->fetch_add(1, std::memory_order_release);
          }};
  for (int race = 0; race < races; ++race) {
    lane.start(run, body);
    while (over.load(std::memory_order_acquire) != race + 1) std::this_thread::yield();
  }
  EXPECT_EQ(over.load(), races);
}

// Two tasks that can only end together: the second must reach the other worker although the first
// never returns to its deque.
TEST(HostLane, work_offered_by_a_worker_reaches_one_that_is_leaving) {
  constexpr int races = 20'000;
  ThreadPool pool{2};
  HostLane lane{pool, {.idle_rounds = 0, .step_tasks = 1024, .recorder = {}}};
  const LaneEdge edges[] = {{0, 1}, {0, 2}, {1, 3}, {2, 3}};
  const auto graph = LaneGraph::make(4, edges);
  ASSERT_TRUE(graph.ok());
  LaneRun run{*graph};
  struct Meeting {
    std::atomic<int> inside{0};
    std::atomic<int> over{0};
  } meeting;
  const LaneBody body{
      .state = &meeting,
      .run =
          [](void* state, std::uint32_t task, unsigned) noexcept {
            auto& inside = static_cast<Meeting*>(state)->inside;
            if (task == 0 || task == 3) {
              inside = 0;
            } else {
              inside += 1;
              while (inside != 2) std::this_thread::yield();
            }
            return LaneOutcome::done;
          },
      .skipped = nullptr,
      .over = [](void* state) noexcept { static_cast<Meeting*>(state)->over += 1; }};
  for (int race = 0; race < races; ++race) {
    lane.start(run, body);
    while (meeting.over != race + 1) std::this_thread::yield();
  }
  EXPECT_EQ(meeting.over, races);
}

// The only worker blocks in a task until another task has run, which a second thread of the pool
// must do although the lane has its one worker already.
TEST(HostLane, a_blocked_worker_is_replaced) {
  class OneWorker final : public WorkerPool {
   public:
    unsigned workers() const noexcept override { return 1; }
    unsigned slots() const noexcept override { return 2; }
    void enqueue(Job& job) noexcept override { threads.enqueue(job); }
    Status lend(bool) override { return {}; }
    void reclaim() noexcept override {}
    bool is_worker() const noexcept override { return false; }
    ThreadPool threads{2};
  } pool;
  HostLane lane{pool};
  CheckedRun checked{{.tasks = 2, .edges = {}, .classes = {}}};
  std::atomic<unsigned> inside{0};
  Event other;
  checked.outcome = [&](std::uint32_t, unsigned) {
    if (inside.fetch_add(1) == 1) {
      other.set();
    } else {
      lane.begin_block();
      other.wait();
      lane.end_block();
    }
    return LaneOutcome::done;
  };
  lane.start(checked.run, checked.body());
  checked.over.wait();
  EXPECT_EQ(checked.ran, std::vector<int>(2, 1));
}

TEST(HostLane, workers_leave_when_there_is_nothing_to_do) {
  ThreadPool pool{2};
  HostLane lane{pool};
  CheckedRun checked{{.tasks = 100, .edges = {}, .classes = {}}};
  lane.start(checked.run, checked.body());
  checked.over.wait();
  while (lane.present() != 0) std::this_thread::yield();
  EXPECT_EQ(checked.ran, std::vector<int>(100, 1));
}

TEST(HostLane, tasks_completed_by_other_threads_release_their_successors) {
  ThreadPool pool{2};
  HostLane lane{pool};
  std::mt19937_64 random{3};
  CheckedRun checked{random_graph(random, 2'000, false)};
  std::mutex mutex;
  std::vector<std::uint32_t> owed;
  bool closing = false;
  checked.outcome = [&](std::uint32_t task, unsigned) {
    if (task % 3 != 0) return LaneOutcome::done;
    const std::scoped_lock lock{mutex};
    owed.push_back(task);
    return LaneOutcome::later;
  };
  std::thread elsewhere{[&] {
    for (;;) {
      std::vector<std::uint32_t> batch;
      {
        const std::scoped_lock lock{mutex};
        if (closing && owed.empty()) return;
        batch.swap(owed);
      }
      for (const std::uint32_t task : batch) {
        ++checked.ran[task];
        lane.complete(checked.run, task, false);
      }
      std::this_thread::yield();
    }
  }};
  lane.start(checked.run, checked.body());
  checked.over.wait();
  {
    const std::scoped_lock lock{mutex};
    closing = true;
  }
  elsewhere.join();
  EXPECT_EQ(checked.early, 0);
  EXPECT_EQ(checked.ran, std::vector<int>(checked.ran.size(), 1));
}

}  // namespace
}  // namespace troika
