// The workers beside other users of oneTBB, jobs among them.
#include <array>
#include <atomic>
#include <barrier>
#include <latch>
#include <thread>

#include <gtest/gtest.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include "runtime/base/environment.h"
#include "tests/unit/host/task.h"

namespace troika::host {
namespace {

using namespace std::chrono_literals;

TEST(Workers, no_job_runs_inside_a_parallel_for_of_another) {
  thread_local bool inside = false;
  constexpr int rounds = 10;
  for (int round = 0; round < rounds; ++round) {
    std::atomic<bool> nested{false};
    std::atomic<int> work{0};
    std::latch done{2};
    Task small{[&](Workers&, unsigned) {
      nested = inside;
      done.count_down();
    }};
    Task wide{[&](Workers& pool, unsigned) {
      inside = true;
      const auto own = std::this_thread::get_id();
      std::latch met{2};
      tbb::parallel_for(
          0, 2,
          [&](int) {
            met.arrive_and_wait();
            if (std::this_thread::get_id() == own) return;
            // Meanwhile the job's own thread waits, and looks for something to do.
            small.enqueue_on(pool);
            for (int i = 0; i < 2'000'000; ++i) work.fetch_add(1, std::memory_order_relaxed);
          },
          tbb::simple_partitioner{});
      inside = false;
      done.count_down();
    }};
    Workers pool{without_watch(2)};
    wide.enqueue_on(pool);
    done.wait();
    EXPECT_FALSE(nested);
  }
}

TEST(Workers, idle_workers_help_the_parallel_for_of_a_job) {
  std::array<std::thread::id, 2> ran_on;
  std::array<bool, 2> on_worker{};
  std::array<Event, 2> left;
  Event done;
  Task wide{[&](Workers& pool, unsigned) {
    std::latch met{2};  // the iterations can only meet when a second thread takes one of them
    tbb::parallel_for(
        0, 2,
        [&](int iteration) {
          const auto i = static_cast<std::size_t>(iteration);
          ran_on.at(i) = std::this_thread::get_id();
          on_worker.at(i) = pool.is_worker();
          met.arrive_and_wait();
          left.at(i).set();
        },
        tbb::simple_partitioner{});
    for (Event& each : left) each.wait();  // a join that race detectors see
    done.set();
  }};
  Workers pool{without_watch(2)};
  wide.enqueue_on(pool);
  done.wait();
  EXPECT_NE(ran_on[0], ran_on[1]);
  EXPECT_TRUE(on_worker[0] && on_worker[1]);
}

TEST(Workers, spares_stand_in_where_threads_are_taken_away_later) {
  std::barrier<> all_here{3};
  std::latch done{3};
  Task meet{[&](Workers&, unsigned) {
    all_here.arrive_and_wait();
    done.count_down();
  }};
  auto options = without_watch(3);
  options.watch_patience = 1ms;
  Workers pool{options};
  // Somebody else's work holds every thread that oneTBB has.
  std::latch taken{3};
  Event give_back;
  std::array<Event, 3> given_back;
  tbb::task_arena elsewhere{3, 0};
  for (Event& mine : given_back) {
    elsewhere.enqueue([&] {
      taken.count_down();
      give_back.wait();
      mine.set();
    });
  }
  taken.wait();
  for (int i = 0; i < 3; ++i) meet.enqueue_on(pool);
  done.wait();
  EXPECT_EQ(pool.standing_in(), 3U);
  give_back.set();
  for (Event& each : given_back) each.wait();
}

}  // namespace
}  // namespace troika::host
