#include "backends/sim/workers.h"

#include <functional>
#include <set>

#include <gtest/gtest.h>

namespace troika::sim {
namespace {

class Work final : public Job {
 public:
  explicit Work(std::function<void(unsigned)> body) : body_{std::move(body)} {}
  void run(unsigned worker) noexcept override { body_(worker); }

 private:
  std::function<void(unsigned)> body_;
};

TEST(SimWorkers, runs_a_job_once_for_each_time_it_was_enqueued_and_never_at_once) {
  World world;
  SimWorkers pool{world, {.workers = 2}};
  int runs = 0;
  Work work{[&](unsigned worker) {
    ++runs;
    EXPECT_LT(worker, pool.workers());
    EXPECT_TRUE(pool.is_worker());
  }};
  for (int i = 0; i < 5; ++i) pool.enqueue(work);
  EXPECT_EQ(runs, 0);
  world.run_until_idle();
  EXPECT_EQ(runs, 5);
  EXPECT_FALSE(pool.is_worker());
}

TEST(SimWorkers, the_seed_chooses_the_order) {
  const auto order = [](std::uint64_t seed) {
    World world{{.seed = seed, .shuffle_ties = true}};
    SimWorkers pool{world, {.workers = 2}};
    std::string seen;
    std::vector<std::unique_ptr<Work>> jobs;
    for (const char c : std::string{"abcdefgh"}) {
      jobs.push_back(std::make_unique<Work>([&seen, c](unsigned) { seen += c; }));
      pool.enqueue(*jobs.back());
    }
    world.run_until_idle();
    return seen;
  };
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 10; ++seed) orders.insert(order(seed));
  EXPECT_GT(orders.size(), 5u);
  EXPECT_EQ(order(3), order(3));
}

// One worker, whose job waits for another job.
struct Parent {
  explicit Parent(bool lends, unsigned spares = 1)
      : pool{world, {.workers = 1, .spares_max = spares}} {
    parent = std::make_unique<Work>([this, lends](unsigned) {
      pool.enqueue(*child);
      if (lends) lent = pool.lend(false);
      served = world.wait(done, forever);
      EXPECT_TRUE(pool.is_worker()) << "the child's end does not make the parent a stranger";
      if (lends && lent.ok()) pool.reclaim();
    });
    child = std::make_unique<Work>([this](unsigned worker) {
      child_slot = worker;
      done.set();
    });
    pool.enqueue(*parent);
    world.run_until_idle();
  }

  World world;
  SimWorkers pool;
  Event done;
  Status lent;
  bool served = false;
  unsigned child_slot = 0;
  std::unique_ptr<Work> parent, child;
};

TEST(SimWorkers, a_job_that_found_no_worker_free_runs_when_one_is) {
  const Parent parent{false};
  EXPECT_FALSE(parent.served);
  EXPECT_TRUE(parent.done.is_set());
}

TEST(SimWorkers, a_job_that_waits_keeps_its_place_unless_it_lends_it) {
  EXPECT_FALSE(Parent{false}.served);
  Parent lender{true};
  EXPECT_TRUE(lender.served);
  EXPECT_EQ(lender.child_slot, 1u) << "the spare's slot";
}

TEST(SimWorkers, lending_beyond_the_spares_is_refused) {
  Parent lender{true, 0};
  EXPECT_EQ(lender.lent.code(), Code::exhausted);
  EXPECT_FALSE(lender.served);
}

TEST(SimWorkers, a_lost_worker_is_replaced_and_its_slot_never_used_again) {
  World world;
  SimWorkers pool{world, {.workers = 1, .spares_max = 2}};
  std::vector<unsigned> slots;
  Work dies{[&](unsigned worker) {
    slots.push_back(worker);
    EXPECT_TRUE(pool.lend(true).ok());
  }};
  Work lives{[&](unsigned worker) { slots.push_back(worker); }};
  pool.enqueue(dies);
  for (int i = 0; i < 3; ++i) pool.enqueue(lives);
  world.run_until_idle();
  EXPECT_EQ(slots, (std::vector<unsigned>{0, 1, 1, 1}));
  EXPECT_EQ(pool.lost(), 1u);
}

}  // namespace
}  // namespace troika::sim
