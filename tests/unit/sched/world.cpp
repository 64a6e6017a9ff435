#include "tests/unit/sched/world.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace troika::test {

World::World(Times times, const std::vector<unsigned>& lanes_of)
    : times_{std::move(times)}, devices_{lanes_of.size()} {
  ready_.resize(devices_ + times_.size());
  samples_.assign(times_.size(), std::vector<unsigned>(lanes_of.size(), 8));
  for (std::uint32_t device = 0; device < lanes_of.size(); ++device)
    for (unsigned i = 0; i < lanes_of[device]; ++i) {
      LaneView lane;
      lane.id = LaneId{static_cast<std::uint32_t>(lanes_.size())};
      lane.device = DeviceId{device};
      lanes_.push_back(lane);
    }
  bound_.resize(lanes_.size());
}

ReadyTask World::task(std::uint32_t index, std::uint32_t kernel, Priority priority, Nanos rank) {
  ReadyTask result;
  result.key = {0, index};
  result.cost = {KernelId{kernel}, 4096};
  result.priority = priority;
  result.rank = rank;
  result.age = ++age_;
  return result;
}

void World::add(const ReadyTask& task, Policy& policy) {
  if (task.bound) {
    bound_[task.bound.value].insert(task);
    return policy.on_ready(task, *this);
  }
  const ReadySetId at = set_of(task, devices_);
  ReadySet& set = ready_[at.value];
  if (set.empty()) ready_sets_.push_back(at);
  set.insert(task);
  policy.on_ready(task, *this);
}

void World::remove(const ReadyTask& task) {
  const ReadySetId at = set_of(task, devices_);
  ReadySet& set = task.bound ? bound_[task.bound.value] : ready_[at.value];
  ASSERT_TRUE(set.erase(task)) << "task " << task.key.task << " is not ready";
  if (set.empty() && !task.bound) std::erase(ready_sets_, at);
}

std::optional<ReadyTask> World::take(LaneId lane, Policy& policy) {
  const auto task = policy.next(lane, *this);
  if (!task) return std::nullopt;
  EXPECT_TRUE(lanes_[lane.value].open) << "lane " << lane.value << " is closed";
  EXPECT_TRUE(able(*task, lane)) << "task " << task->key.task << ", lane " << lane.value;
  remove(*task);
  return task;
}

Nanos World::time(const ReadyTask& task, LaneId lane) const {
  return times_[task.cost.kernel.value][lanes_[lane.value].device.value].value_or(forever);
}

bool World::able(const ReadyTask& task, LaneId lane) const noexcept {
  if (task.bound && task.bound != lane) return false;
  return time(task, lane) != forever;
}

Prediction World::predict(const ReadyTask& task, LaneId lane) const noexcept {
  const std::uint32_t kernel = task.cost.kernel.value, device = lanes_[lane.value].device.value;
  return {time(task, lane), Nanos{0}, samples_[kernel][device],
          exploring_.contains({kernel, device})};
}

std::size_t World::ready_count() const {
  std::size_t count = 0;
  for (const ReadySet& set : ready_) count += set.size();
  for (const ReadySet& set : bound_) count += set.size();
  return count;
}

namespace {

using Random = std::mt19937_64;

std::uint64_t below(Random& random, std::uint64_t bound) { return random() % bound; }

World random_world(Random& random) {
  const std::size_t devices = 1 + below(random, 3), kernels = 1 + below(random, 4);
  World::Times times(kernels);
  for (auto& of_kernel : times) {
    of_kernel.resize(devices);
    for (auto& time : of_kernel)
      if (below(random, 4) != 0) time = Nanos{1 + static_cast<Nanos::rep>(below(random, 1000))};
    // Device 0 never closes wholly, so it can run everything.
    of_kernel[0] = Nanos{1 + static_cast<Nanos::rep>(below(random, 1000))};
  }
  std::vector<unsigned> lanes;
  for (std::size_t d = 0; d < devices; ++d)
    lanes.push_back(1 + static_cast<unsigned>(below(random, 3)));
  World world{std::move(times), lanes};
  for (auto& of_kernel : world.samples_)
    for (unsigned& samples : of_kernel) samples = static_cast<unsigned>(below(random, 2));
  return world;
}

class Driver {
 public:
  Driver(Policy& policy, std::uint64_t seed, std::size_t tasks)
      : policy_{policy}, random_{seed}, world_{random_world(random_)} {
    waiting_.resize(tasks);
    successors_.resize(tasks);
    for (std::size_t i = 1; i < tasks; ++i)
      for (std::size_t edge = below(random_, 3); edge > 0; --edge) {
        successors_[below(random_, i)].push_back(i);
        waiting_[i] += 1;
      }
    in_flight_.resize(world_.lanes().size());
  }

  std::vector<Step> run() {
    for (std::size_t i = 0; i < waiting_.size(); ++i)
      if (waiting_[i] == 0) make_ready(i);
    while (done_ < waiting_.size() && !testing::Test::HasFailure()) {
      disturb();
      for (const LaneView& lane : world_.lanes())
        while (in_flight_[lane.id.value].size() < 2)
          if (const auto task = world_.take(lane.id, policy_)) launch(*task, lane.id);
          else break;
      if (flying_ == 0) force_one();
      finish_first();
    }
    EXPECT_EQ(world_.ready_count(), 0U);
    return steps_;
  }

 private:
  struct Flight {
    ReadyTask task;
    Nanos end;
  };

  void make_ready(std::size_t index) {
    ReadyTask task = world_.task(static_cast<std::uint32_t>(index),
                                 static_cast<std::uint32_t>(below(random_, world_.samples_.size())),
                                 static_cast<Priority>(below(random_, 3)),
                                 Nanos{static_cast<Nanos::rep>(below(random_, 1000))});
    if (below(random_, 8) == 0) task.bound = LaneId{0};
    world_.add(task, policy_);
  }

  // Closes a lane, or withdraws a ready task and gives it back.
  void disturb() {
    const auto lane = static_cast<std::uint32_t>(below(random_, world_.lanes().size()));
    if (lane != 0 && below(random_, 8) == 0) world_.lane(lane).open = below(random_, 4) == 0;
    if (below(random_, 8) != 0 || world_.ready_sets().empty()) return;
    const ReadySetId set = world_.ready_sets().front();
    ReadyTask task = world_.ready()[set.value].tasks().back();
    world_.remove(task);
    policy_.on_withdrawn(task);
    if (task.bound) task.bound = LaneId{};
    world_.add(task, policy_);
  }

  // The executor's guarantee.
  void force_one() {
    for (const LaneView& lane : world_.lanes())
      if (const ReadySet& set = world_.bound(lane.id); lane.open && !set.empty()) {
        const ReadyTask task = set.best();
        world_.remove(task);
        policy_.on_withdrawn(task);
        return launch(task, lane.id);
      }
    for (const ReadySetId set : world_.ready_sets())
      for (const LaneView& lane : world_.lanes())
        if (const ReadyTask task = world_.ready()[set.value].best();
            lane.open && world_.able(task, lane.id)) {
          world_.remove(task);
          policy_.on_withdrawn(task);
          return launch(task, lane.id);
        }
    FAIL() << "nothing is in flight and nothing can be";
  }

  void launch(const ReadyTask& task, LaneId id) {
    EXPECT_TRUE(started_.insert(task.key.task).second) << "task " << task.key.task << " twice";
    LaneView& lane = world_.lane(id.value);
    lane.free_at = std::max(world_.now(), lane.free_at) + world_.time(task, id);
    lane.queued += 1;
    in_flight_[id.value].push_back({task, lane.free_at});
    flying_ += 1;
    if (world_.predict(task, id).samples == 0)
      world_.exploring_.insert({task.cost.kernel.value, lane.device.value});
    steps_.push_back({task.key.task, id, world_.now()});
  }

  void finish_first() {
    std::optional<std::size_t> first;
    for (std::size_t lane = 0; lane < in_flight_.size(); ++lane)
      if (!in_flight_[lane].empty() &&
          (!first || in_flight_[lane].front().end < in_flight_[*first].front().end))
        first = lane;
    if (!first) return;
    const Flight flight = in_flight_[*first].front();
    in_flight_[*first].erase(in_flight_[*first].begin());
    LaneView& lane = world_.lane(static_cast<std::uint32_t>(*first));
    lane.queued -= 1;
    flying_ -= 1;
    done_ += 1;
    world_.time_ = flight.end;
    const std::uint32_t kernel = flight.task.cost.kernel.value;
    world_.samples_[kernel][lane.device.value] += 1;
    world_.exploring_.erase({kernel, lane.device.value});
    policy_.on_done(flight.task, lane.id, world_.time(flight.task, lane.id));
    for (const std::size_t successor : successors_[flight.task.key.task])
      if (--waiting_[successor] == 0) make_ready(successor);
  }

  Policy& policy_;
  Random random_;
  World world_;
  std::vector<std::size_t> waiting_;
  std::vector<std::vector<std::size_t>> successors_;
  std::vector<std::vector<Flight>> in_flight_;  // by lane
  std::set<std::uint32_t> started_;
  std::size_t done_ = 0, flying_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> drive_random_graph(Policy& policy, std::uint64_t seed, std::size_t tasks) {
  return Driver{policy, seed, tasks}.run();
}

}  // namespace troika::test
