// A world for policies to decide in: lanes, ready sets and costs that a test sets as it likes, and
// a small driver that runs random task graphs there.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "runtime/sched/policy.h"

namespace troika::test {

inline constexpr Nanos ms{1'000'000};

class World : public SchedView {
 public:
  // Times by kernel, then device; none: not able.
  using Times = std::vector<std::vector<std::optional<Nanos>>>;

  // `lanes_of[d]` lanes for device d.
  World(Times times, const std::vector<unsigned>& lanes_of);

  ReadyTask task(std::uint32_t index, std::uint32_t kernel, Priority priority = Priority::normal,
                 Nanos rank = Nanos{0});
  void add(const ReadyTask& task, Policy& policy);
  void remove(const ReadyTask& task);
  // next(), with the task taken out of the ready sets and the promises of next() checked.
  std::optional<ReadyTask> take(LaneId lane, Policy& policy);
  LaneView& lane(std::uint32_t index) { return lanes_[index]; }
  Nanos time(const ReadyTask& task, LaneId lane) const;

  Nanos now() const noexcept override { return time_; }
  std::span<const LaneView> lanes() const noexcept override { return lanes_; }
  std::span<const ReadySet> ready() const noexcept override { return ready_; }
  const ReadySet& bound(LaneId lane) const noexcept override { return bound_[lane.value]; }
  std::span<const ReadySetId> ready_sets() const noexcept override { return ready_sets_; }
  bool able(const ReadyTask& task, LaneId lane) const noexcept override;
  Prediction predict(const ReadyTask& task, LaneId lane) const noexcept override;
  RunOutlook outlook(const ReadyTask&) const noexcept override {
    return {outlook_ ? &*outlook_ : nullptr, Nanos{0}};
  }
  double area_left() const noexcept override { return area_left_; }

  std::optional<Outlook> outlook_;
  double area_left_ = 0;
  Nanos time_{0};
  std::vector<std::vector<unsigned>> samples_;  // by kernel, then device
  std::set<std::pair<std::uint32_t, std::uint32_t>> exploring_;
  std::size_t ready_count() const;

 private:
  Times times_;
  std::size_t devices_;
  std::vector<LaneView> lanes_;
  std::vector<ReadySet> ready_;
  std::vector<ReadySet> bound_;  // by lane
  std::vector<ReadySetId> ready_sets_;
  std::uint64_t age_ = 0;
};

// What a driven run did, in order.
struct Step {
  std::uint32_t task;
  LaneId lane;
  Nanos at;
  friend bool operator==(const Step&, const Step&) = default;
};

// Runs a random task graph of `tasks` tasks on a random world, with up to two tasks a lane, lanes
// that close under way (never the last able one), withdrawals and tasks bound to a lane. Fails the
// test when a task is lost, run twice, or given to a lane that cannot take it.
std::vector<Step> drive_random_graph(Policy& policy, std::uint64_t seed, std::size_t tasks);

}  // namespace troika::test
