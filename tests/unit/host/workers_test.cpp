#include "backends/host/workers.h"

#include <array>
#include <atomic>
#include <barrier>
#include <csignal>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include "runtime/base/environment.h"
#include "tests/unit/host/task.h"

namespace troika::host {
namespace {

using namespace std::chrono_literals;

TEST(Workers, a_blocked_caller_gets_every_worker_at_the_same_time) {
  for (const unsigned count : {1U, 2U, 5U}) {
    std::barrier<> all_here{count};
    std::latch done{count};
    Task meet{[&](Workers&, unsigned) {
      all_here.arrive_and_wait();
      done.count_down();
    }};
    Workers pool{without_watch(count)};
    EXPECT_EQ(pool.workers(), count);
    EXPECT_EQ(pool.workers_seen(), count);
    EXPECT_EQ(pool.standing_in(), 0U);
    for (unsigned i = 0; i < count; ++i) meet.enqueue_on(pool);
    done.wait();
  }
}

TEST(Workers, running_jobs_never_share_a_slot) {
  constexpr int jobs = 3'000;
  std::array<std::atomic<bool>, 3> inside{};
  std::atomic<bool> shared{false};
  std::latch done{jobs};
  Task job{[&](Workers&, unsigned worker) {
    if (inside.at(worker).exchange(true)) shared = true;
    inside.at(worker) = false;
    done.count_down();
  }};
  Workers pool{without_watch(3)};
  EXPECT_EQ(pool.slots(), 3U + 3U + 64U);
  for (int i = 0; i < jobs; ++i) job.enqueue_on(pool);
  done.wait();
  EXPECT_FALSE(shared);
}

TEST(Workers, jobs_of_one_worker_begin_in_order) {
  std::vector<std::size_t> order;
  std::latch done{100};
  std::vector<std::unique_ptr<Task>> jobs;
  for (std::size_t i = 0; i < 100; ++i) {
    jobs.push_back(std::make_unique<Task>([&, i](Workers&, unsigned) {
      order.push_back(i);
      done.count_down();
    }));
  }
  Workers pool{without_watch(1)};
  for (auto& job : jobs) job->enqueue_on(pool);
  done.wait();
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(Workers, two_jobs_on_two_workers_can_wait_for_two_more_when_they_lend_their_places) {
  std::barrier<> both_parents{2};
  std::latch children{2};
  std::latch parents{2};
  Task child{[&](Workers&, unsigned) { children.arrive_and_wait(); }};
  Task parent{[&](Workers& pool, unsigned) {
    both_parents.arrive_and_wait();
    child.enqueue_on(pool);
    EXPECT_TRUE(pool.lend(false).ok());
    children.wait();
    pool.reclaim();
    parents.count_down();
  }};
  Workers pool{without_watch(2)};
  parent.enqueue_on(pool);
  parent.enqueue_on(pool);
  parents.wait();
}

TEST(Workers, a_place_given_back_leaves_no_job_behind) {
  for (int round = 0; round < 200; ++round) {
    Event child_began;
    Event queued;
    std::latch done{3};
    Task last{[&](Workers&, unsigned) { done.count_down(); }};
    Task child{[&](Workers&, unsigned) {
      child_began.set();
      queued.wait();
      done.count_down();
    }};
    Task parent{[&](Workers& pool, unsigned) {
      EXPECT_TRUE(pool.lend(false).ok());
      child.enqueue_on(pool);
      child_began.wait();
      pool.reclaim();
      last.enqueue_on(pool);
      queued.set();
      done.count_down();
    }};
    Workers pool{without_watch(1)};
    parent.enqueue_on(pool);
    done.wait();
  }
}

TEST(Workers, a_spare_that_sleeps_is_woken_for_the_next_job) {
  for (int round = 0; round < 50; ++round) {
    Event done;
    std::atomic<int> ran{0};
    Task child{[&](Workers&, unsigned) { ran.fetch_add(1); }};
    Task parent{[&](Workers& pool, unsigned) {
      EXPECT_TRUE(pool.lend(false).ok());
      for (int i = 0; i < 3; ++i) {
        child.enqueue_on(pool);
        while (ran.load() <= i) std::this_thread::yield();
      }
      pool.reclaim();
      done.set();
    }};
    Workers pool{without_watch(1)};
    parent.enqueue_on(pool);
    done.wait();
  }
}

TEST(Workers, lending_beyond_the_limit_on_spares_is_exhausted) {
  Status third;
  Event done;
  Task job{[&](Workers& pool, unsigned) {
    EXPECT_TRUE(pool.lend(false).ok());
    EXPECT_TRUE(pool.lend(false).ok());
    third = pool.lend(false);
    pool.reclaim();
    pool.reclaim();
    EXPECT_TRUE(pool.lend(false).ok());
    pool.reclaim();
    done.set();
  }};
  auto options = without_watch(1);
  options.spares_max = 2;
  Workers pool{options};
  job.enqueue_on(pool);
  done.wait();
  EXPECT_EQ(third.to_string(), "exhausted: lend: all 2 spare threads stand in for other workers");
}

TEST(Workers, a_lost_worker_is_replaced_and_the_pool_ends_without_it) {
  Event begun;
  Event let_go;
  Event returned;
  std::latch done{1};
  Task lost{[&](Workers&, unsigned) {
    begun.set();
    let_go.wait();
    returned.set();
  }};
  Task next{[&](Workers&, unsigned worker) {
    EXPECT_EQ(worker, 2U);
    done.count_down();
  }};
  {
    Workers pool{without_watch(1)};
    lost.enqueue_on(pool);
    begun.wait();
    next.enqueue_on(pool);
    EXPECT_TRUE(pool.lend(true).ok());
    done.wait();
  }
  let_go.set();
  returned.wait();
}

TEST(Workers, a_guest_runs_the_first_job_that_it_enqueues_itself) {
  std::thread::id ran_on;
  bool is_worker = false;
  unsigned slot = 0;
  Task job{[&](Workers& pool, unsigned worker) {
    ran_on = std::this_thread::get_id();
    is_worker = pool.is_worker();
    slot = worker;
  }};
  Workers pool{without_watch(2)};
  {
    const Guest here{pool};
    job.enqueue_on(pool);
    EXPECT_EQ(ran_on, std::thread::id{}) << "before it left";
  }
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_TRUE(is_worker);
  EXPECT_EQ(slot, 2U) << "behind those of the workers";
  EXPECT_FALSE(pool.is_worker());
}

TEST(Workers, a_guest_takes_a_place_and_gives_it_to_those_who_wait_for_one) {
  std::thread::id ran_on;
  Event done;
  Task kept{[](Workers&, unsigned) {}};
  Task waits{[&](Workers&, unsigned) {
    ran_on = std::this_thread::get_id();
    done.set();
  }};
  Workers pool{without_watch(1)};
  ASSERT_TRUE(pool.join());
  EXPECT_FALSE(pool.join()) << "it is one already";
  kept.enqueue_on(pool);
  waits.enqueue_on(pool);
  EXPECT_EQ(ran_on, std::thread::id{}) << "the only place is the guest's";
  pool.leave();
  done.wait();
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST(Workers, take_in_no_guest_while_every_place_is_taken) {
  Event begun, let_go;
  Task job{[&](Workers&, unsigned) {
    begun.set();
    let_go.wait();
  }};
  Workers pool{without_watch(1)};
  job.enqueue_on(pool);
  begun.wait();
  EXPECT_FALSE(pool.join());
  let_go.set();
}

TEST(Workers, only_threads_of_the_pool_are_its_workers) {
  bool worker_is = false;
  bool worker_is_of_other = true;
  bool spare_is = false;
  std::latch done{2};
  Workers other{without_watch(1)};
  Task on_spare{[&](Workers& pool, unsigned worker) {
    EXPECT_EQ(worker, 2U);
    spare_is = pool.is_worker();
    done.count_down();
  }};
  Task job{[&](Workers& pool, unsigned worker) {
    EXPECT_EQ(worker, 0U);
    worker_is = pool.is_worker();
    worker_is_of_other = other.is_worker();
    EXPECT_TRUE(pool.lend(false).ok());
    on_spare.enqueue_on(pool);
    done.arrive_and_wait();
    pool.reclaim();
  }};
  Workers pool{without_watch(1)};
  EXPECT_FALSE(pool.is_worker());
  job.enqueue_on(pool);
  done.wait();
  EXPECT_TRUE(worker_is);
  EXPECT_FALSE(worker_is_of_other);
  EXPECT_TRUE(spare_is);
}

TEST(Workers, spares_stand_in_where_another_library_keeps_the_threads) {
  std::barrier<> all_here{3};
  std::latch done{3};
  Task meet{[&](Workers&, unsigned) {
    all_here.arrive_and_wait();
    done.count_down();
  }};
  const tbb::global_control one{tbb::global_control::max_allowed_parallelism, 1};
  WorkersOptions options;
  options.workers = 3;
  options.muster_patience = 1ms;
  Workers pool{options};
  EXPECT_LT(pool.workers_seen(), 3U);
  EXPECT_GE(pool.standing_in() + pool.workers_seen(), 3U);
  for (int i = 0; i < 3; ++i) meet.enqueue_on(pool);
  done.wait();
}

TEST(Workers, leave_signals_to_the_threads_of_the_program) {
  std::atomic<int> blocked{0};
  std::latch done{2};
  const auto look = [&] {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    if (sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGPROF) == 1) blocked += 1;
  };
  Task on_spare{[&](Workers&, unsigned) {
    look();
    done.count_down();
  }};
  Task job{[&](Workers& pool, unsigned) {
    look();
    EXPECT_TRUE(pool.lend(false).ok());
    on_spare.enqueue_on(pool);
    done.arrive_and_wait();
    pool.reclaim();
  }};
  Workers pool{without_watch(1)};
  job.enqueue_on(pool);
  done.wait();
  EXPECT_EQ(blocked, 2);
}

TEST(Workers, every_job_of_many_threads_runs_once) {
  constexpr int threads = 4;
  constexpr int jobs = 5'000;
  std::atomic<int> ran{0};
  std::latch done{threads * jobs};
  Task job{[&](Workers&, unsigned) {
    ran += 1;
    done.count_down();
  }};
  Workers pool{without_watch(2)};
  std::vector<std::thread> enqueuers;
  for (int t = 0; t < threads; ++t)
    enqueuers.emplace_back([&] {
      for (int i = 0; i < jobs; ++i) job.enqueue_on(pool);
    });
  for (auto& thread : enqueuers) thread.join();
  done.wait();
  EXPECT_EQ(ran, threads * jobs);
}

}  // namespace
}  // namespace troika::host
