// Jobs that use oneTBB themselves.
#include <array>
#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>
#include <oneapi/tbb/parallel_for.h>

#include "runtime/base/environment.h"
#include "tests/unit/host/task.h"

namespace troika::host {
namespace {

TEST(Workers, no_job_runs_inside_a_parallel_for_of_another) {
  thread_local int depth = 0;
  constexpr int jobs = 40;
  std::atomic<int> nested{0};
  std::latch done{2 * jobs};
  Task small{[&](Workers&, unsigned) {
    if (depth > 0) nested += 1;
    done.count_down();
  }};
  Task wide{[&](Workers&, unsigned) {
    if (depth > 0) nested += 1;
    depth += 1;
    tbb::parallel_for(0, 2'000, [&](int) {
      std::atomic<int> work{0};
      while (work.fetch_add(1) < 200) {
      }
    });
    depth -= 1;
    done.count_down();
  }};
  Workers pool{without_watch(2)};
  for (int i = 0; i < jobs; ++i) {
    wide.enqueue_on(pool);
    small.enqueue_on(pool);
  }
  done.wait();
  EXPECT_EQ(nested, 0);
}

TEST(Workers, idle_workers_help_the_parallel_for_of_a_job) {
  std::array<std::thread::id, 2> ran_on;
  std::array<bool, 2> on_worker{};
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
        },
        tbb::simple_partitioner{});
    done.set();
  }};
  Workers pool{without_watch(2)};
  wide.enqueue_on(pool);
  done.wait();
  EXPECT_NE(ran_on[0], ran_on[1]);
  EXPECT_TRUE(on_worker[0] && on_worker[1]);
}

}  // namespace
}  // namespace troika::host
