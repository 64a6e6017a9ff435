#include <functional>

#include "runtime/exec/host_lane_worker.h"
#include "tests/unit/host_lane/random_graph.h"
#include "tests/unit/host_lane/stepped_lane.h"

namespace troika {
namespace {

using testing::CheckedRun;
using testing::random_graph;
using testing::SteppedLane;

constexpr std::uint64_t seeds = 2'000;

// Few idle rounds and short chains: more leaving, more places to interleave.
HostLaneOptions hasty(std::uint64_t seed) {
  return {.idle_rounds = static_cast<unsigned>(seed % 3),
          .step_tasks = static_cast<unsigned>(1 + seed % 4),
          .recorder = {}};
}

TEST(HostLaneSteps, every_task_runs_once_after_its_predecessors_and_none_is_stranded) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    CheckedRun checked{random_graph(stepped.random, 80, seed % 2 == 0)};
    for (int replay = 1; replay <= 2; ++replay) {
      stepped.lane.start(checked.run, checked.body());
      while (stepped.move()) {
      }
      ASSERT_TRUE(checked.over.is_set()) << "stranded with seed " << seed;
      ASSERT_EQ(checked.early, 0) << "seed " << seed;
      ASSERT_EQ(checked.ran, std::vector<int>(checked.ran.size(), replay)) << "seed " << seed;
    }
    ASSERT_EQ(stepped.lane.present(), 0u);
  }
}

TEST(HostLaneSteps, runs_that_overlap_do_not_meet) {
  for (std::uint64_t seed = 0; seed < seeds / 4; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    std::vector<std::unique_ptr<CheckedRun>> runs;
    for (int i = 0; i < 4; ++i) {
      runs.push_back(std::make_unique<CheckedRun>(random_graph(stepped.random, 60, i % 2 == 0)));
      stepped.lane.start(runs.back()->run, runs.back()->body());
      for (std::uint64_t moves = stepped.random() % 100; moves-- > 0;) stepped.move();
    }
    while (stepped.move()) {
    }
    for (const auto& run : runs) {
      ASSERT_TRUE(run->over.is_set()) << "seed " << seed;
      ASSERT_EQ(run->early, 0) << "seed " << seed;
      ASSERT_EQ(run->ran, std::vector<int>(run->ran.size(), 1)) << "seed " << seed;
    }
  }
}

TEST(HostLaneSteps, whatever_follows_a_failed_task_is_skipped_and_the_rest_runs) {
  for (std::uint64_t seed = 0; seed < seeds / 4; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    CheckedRun checked{random_graph(stepped.random, 80, seed % 2 == 0)};
    std::vector<bool> fails(checked.ran.size());
    for (auto&& fail : fails) fail = stepped.random() % 10 == 0;
    checked.outcome = [&](std::uint32_t task, unsigned) {
      return fails[task] ? LaneOutcome::failed : LaneOutcome::done;
    };
    stepped.lane.start(checked.run, checked.body());
    while (stepped.move()) {
    }
    ASSERT_TRUE(checked.over.is_set());
    std::vector<bool> bad(checked.ran.size());  // failed or skipped
    for (std::uint32_t task = 0; task < bad.size(); ++task) {
      bool skipped = false;
      for (const std::uint32_t before : checked.predecessors[task])
        skipped = skipped || bad[before];
      bad[task] = skipped || fails[task];
      ASSERT_EQ(checked.skips[task], skipped ? 1 : 0) << "task " << task << " seed " << seed;
      ASSERT_EQ(checked.ran[task], skipped ? 0 : 1) << "task " << task << " seed " << seed;
    }
    // Nothing of it is left for the next run.
    checked.outcome = nullptr;
    std::fill(checked.ran.begin(), checked.ran.end(), 0);
    stepped.lane.start(checked.run, checked.body());
    while (stepped.move()) {
    }
    ASSERT_EQ(checked.ran, std::vector<int>(checked.ran.size(), 1)) << "seed " << seed;
  }
}

TEST(HostLaneSteps, a_cancelled_run_ends_with_each_task_run_or_skipped) {
  for (std::uint64_t seed = 0; seed < seeds / 4; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    CheckedRun checked{random_graph(stepped.random, 80, false)};
    stepped.lane.start(checked.run, checked.body());
    for (std::uint64_t moves = stepped.random() % 60; moves-- > 0;) stepped.move();
    if (!checked.over.is_set()) checked.run.cancel();
    const std::vector<int> ran_before = checked.ran;
    while (stepped.move()) {
    }
    ASSERT_TRUE(checked.over.is_set());
    ASSERT_EQ(checked.ran, ran_before) << "a task began after the cancellation, seed " << seed;
    for (std::size_t task = 0; task < checked.ran.size(); ++task) {
      ASSERT_EQ(checked.ran[task] + checked.skips[task], 1) << "seed " << seed;
    }
  }
}

TEST(HostLaneSteps, tasks_that_complete_later_hold_back_what_follows_them) {
  for (std::uint64_t seed = 0; seed < seeds / 2; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    CheckedRun checked{random_graph(stepped.random, 60, seed % 2 == 0)};
    std::vector<std::uint32_t> owed;
    const auto finish = [&](std::uint32_t task) {
      ++checked.ran[task];
      stepped.lane.complete(checked.run, task, false);
    };
    checked.outcome = [&](std::uint32_t task, unsigned) {
      const auto kind = stepped.random() % 4;
      if (kind > 1) return LaneOutcome::done;
      if (kind == 1) finish(task);  // reported before the body has returned
      if (kind == 0) owed.push_back(task);
      return LaneOutcome::later;
    };
    stepped.lane.start(checked.run, checked.body());
    for (bool moved = true; moved || !owed.empty();) {
      if (!owed.empty() && (!moved || stepped.random() % 8 == 0)) {
        finish(owed.back());
        owed.pop_back();
      }
      moved = stepped.move();
    }
    ASSERT_TRUE(checked.over.is_set()) << "seed " << seed;
    ASSERT_EQ(checked.early, 0) << "seed " << seed;
    ASSERT_EQ(checked.ran, std::vector<int>(checked.ran.size(), 1)) << "seed " << seed;
  }
}

TEST(HostLaneSteps, a_later_failure_poisons_what_follows) {
  SteppedLane stepped{2, 1, hasty(1)};
  CheckedRun checked{{.tasks = 3, .edges = {{0, 1}, {1, 2}}, .classes = {}}};
  checked.outcome = [](std::uint32_t task, unsigned) {
    return task == 0 ? LaneOutcome::later : LaneOutcome::done;
  };
  stepped.lane.start(checked.run, checked.body());
  while (stepped.move()) {
  }
  EXPECT_FALSE(checked.over.is_set());
  stepped.lane.complete(checked.run, 0, true);
  while (stepped.move()) {
  }
  EXPECT_TRUE(checked.over.is_set());
  EXPECT_EQ(checked.skips, (std::vector<int>{0, 1, 1}));
}

// From the moment a high task is ready, each worker starts at most one lower task, the one that it
// had already chosen.
TEST(HostLaneSteps, lower_classes_delay_a_higher_one_by_at_most_one_task_a_worker) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const unsigned workers = 1 + static_cast<unsigned>(seed % 4);
    SteppedLane stepped{workers, seed, hasty(seed)};
    auto shape = random_graph(stepped.random, 120, true);
    CheckedRun checked{shape};
    std::vector<std::uint32_t> waits(shape.tasks);  // predecessors left
    for (std::uint32_t task = 0; task < shape.tasks; ++task) {
      waits[task] = static_cast<std::uint32_t>(checked.predecessors[task].size());
    }
    const auto c = [&](std::uint32_t task) { return static_cast<unsigned>(shape.classes[task]); };
    // Per ready task: lower ones started since, by worker.
    std::vector<std::vector<unsigned>> inversions(shape.tasks);
    std::vector<bool> ready(shape.tasks);
    bool roots_posted = false;
    unsigned worst = 0;
    checked.outcome = [&](std::uint32_t task, unsigned worker) {
      if (!roots_posted) {
        for (std::uint32_t t = 0; t < shape.tasks; ++t) ready[t] = waits[t] == 0;
        inversions.assign(shape.tasks, std::vector<unsigned>(workers));
        roots_posted = true;
      }
      ready[task] = false;
      for (unsigned w = 0; w < workers; ++w) {
        const std::uint32_t held = stepped.lane.worker(w).in_hand();
        if (held != LaneLink::none) ready[LaneLink::task(held)] = false;
      }
      for (std::uint32_t t = 0; t < shape.tasks; ++t) {
        if (ready[t] && c(t) > c(task)) worst = std::max(worst, ++inversions[t][worker]);
      }
      for (const auto& [from, to] : shape.edges) {
        if (from == task && --waits[to] == 0) ready[to] = true;
      }
      return LaneOutcome::done;
    };
    stepped.lane.start(checked.run, checked.body());
    while (stepped.move()) {
    }
    ASSERT_TRUE(checked.over.is_set());
    ASSERT_LE(worst, 1u) << "seed " << seed;
  }
}

TEST(HostLaneSteps, a_worker_makes_way_for_another_job_and_nothing_is_lost) {
  for (std::uint64_t seed = 0; seed < seeds / 4; ++seed) {
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, hasty(seed)};
    CheckedRun checked{random_graph(stepped.random, 80, seed % 2 == 0)};
    stepped.lane.start(checked.run, checked.body());
    unsigned asked = 0, yielded = 0;
    while (stepped.move()) {
      if (stepped.random() % 16 == 0 && stepped.lane.present() != 0) {
        stepped.lane.make_way();
        ++asked;
      }
      yielded += stepped.last == LaneStep::yielded ? 1 : 0;
    }
    ASSERT_TRUE(checked.over.is_set()) << "seed " << seed;
    ASSERT_EQ(checked.ran, std::vector<int>(checked.ran.size(), 1)) << "seed " << seed;
    if (asked > 4) {
      ASSERT_GT(yielded, 0u) << "seed " << seed;
    }
  }
}

TEST(HostLaneSteps, bursts_cover_every_task_once) {
  for (std::uint64_t seed = 0; seed < seeds / 4; ++seed) {
    std::vector<LaneBurst> bursts;
    auto options = hasty(seed);
    options.recorder = {.state = &bursts,
                        .now =
                            [](void* state) noexcept {
                              return Nanos{static_cast<std::int64_t>(
                                  static_cast<std::vector<LaneBurst>*>(state)->size())};
                            },
                        .record =
                            [](void* state, const LaneBurst& burst) noexcept {
                              static_cast<std::vector<LaneBurst>*>(state)->push_back(burst);
                            }};
    SteppedLane stepped{1 + static_cast<unsigned>(seed % 4), seed, options};
    CheckedRun checked{random_graph(stepped.random, 80, seed % 2 == 0)};
    stepped.lane.start(checked.run, checked.body());
    while (stepped.move()) {
    }
    std::uint32_t count = 0;
    for (const LaneBurst& burst : bursts) {
      ASSERT_EQ(burst.run_state, &checked);
      ASSERT_LE(burst.begin, burst.end);
      count += burst.count;
    }
    ASSERT_EQ(count, checked.ran.size()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace troika
