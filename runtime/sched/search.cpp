#include "runtime/sched/search.h"

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

namespace troika {
namespace {

// Makespans that a trial is compared with: longer memories find more, later.
constexpr std::size_t memory = 8;
// After so many trials that found nothing better, makespans longer by about two tasks are put up
// with once more.
constexpr std::size_t patience = 500;
// Of so many trials one changes any task instead of one that the makespan hangs on.
constexpr std::uint64_t anywhere = 4;
// Of so many changes one is of the turn instead of the group.
constexpr std::uint64_t turns = 3;

// From one start.
class Climb {
 public:
  Climb(ListSchedule& schedule, ListSchedule::Choice start, std::uint64_t seed)
      : schedule_{&schedule}, best_{start}, now_{std::move(start)}, random_{seed} {
    for (std::uint32_t t = 0; t < schedule.tasks(); ++t) {
      std::vector<std::uint32_t>& able = able_.emplace_back();
      for (std::uint32_t g = 0; g < schedule.groups(); ++g)
        if (schedule.able(t, g)) able.push_back(g);
    }
    shortest_ = current_ = schedule_->run(now_);
    trace_chain();
    latest_.assign(memory, current_);
  }

  double shortest() const noexcept { return shortest_; }
  ListSchedule::Choice take() { return std::move(best_); }

  void go_on(const std::function<double()>& used, double until) {
    for (; used() < until; ++trial_) {
      const Altered before = alter(candidate());
      const double makespan = schedule_->run(now_);
      double& compared = latest_[trial_ % memory];
      if (makespan > current_ && makespan >= compared) {
        restore(before);
      } else {
        current_ = makespan;
        trace_chain();
        if (makespan < shortest_) {
          shortest_ = makespan;
          best_ = now_;
          found_at_ = trial_;
        }
      }
      compared = std::min(compared, current_);
      if (trial_ - found_at_ < patience) continue;
      found_at_ = trial_;
      latest_.assign(memory, current_ * (1 + 2 / static_cast<double>(chain_.size())));
    }
  }

 private:
  struct Altered {
    std::uint32_t task;
    std::uint32_t group;
    double turn;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  double part() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  // What each task on it waited for, from the end of the graph to its start.
  void trace_chain() {
    chain_.clear();
    for (std::uint32_t task = schedule_->last(); task != ListSchedule::none;
         task = schedule_->cause(task))
      chain_.push_back(task);
  }

  std::uint32_t candidate() {
    if (below(anywhere) == 0) return static_cast<std::uint32_t>(below(schedule_->tasks()));
    return chain_[below(chain_.size())];
  }

  // What was there before.
  Altered alter(std::uint32_t task) {
    const Altered before{task, now_.group[task], now_.turn[task]};
    const auto& able = able_[task];
    if (able.size() == 1 || below(turns) == 0) {
      // Somewhat earlier: the makespan hangs on it.
      now_.turn[task] -= part() * part() * shortest_ / 4;
      return before;
    }
    while (now_.group[task] == before.group) now_.group[task] = able[below(able.size())];
    return before;
  }

  void restore(const Altered& altered) {
    now_.group[altered.task] = altered.group;
    now_.turn[altered.task] = altered.turn;
  }

  ListSchedule* schedule_;
  ListSchedule::Choice best_, now_;
  std::mt19937_64 random_;
  std::vector<std::vector<std::uint32_t>> able_;  // by task
  std::vector<std::uint32_t> chain_;
  std::vector<double> latest_;
  double shortest_ = 0, current_ = 0;
  std::size_t trial_ = 0, found_at_ = 0;
};

}  // namespace

ListSchedule::Choice search(ListSchedule& schedule, std::vector<ListSchedule::Choice> starts,
                            std::uint64_t seed, const std::function<double()>& used) {
  if (schedule.tasks() == 0) return std::move(starts.front());
  std::vector<Climb> climbs;
  for (ListSchedule::Choice& start : starts)
    climbs.emplace_back(schedule, std::move(start), ++seed);
  const auto rounds = static_cast<int>(std::bit_width(climbs.size()));
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < climbs.size(); ++i) {
      const double share = static_cast<double>(i + 1) / static_cast<double>(climbs.size());
      climbs[i].go_on(used, (round + share) / rounds);
    }
    std::ranges::stable_sort(climbs, {}, &Climb::shortest);
    climbs.erase(climbs.begin() + static_cast<std::ptrdiff_t>((climbs.size() + 1) / 2),
                 climbs.end());
  }
  return climbs.front().take();
}

}  // namespace troika
