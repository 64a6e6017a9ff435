#include "runtime/sched/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/sched/ranks.h"

namespace troika {
namespace {

// A task counts as done when less than this is left of it: times are rounded to nanoseconds.
constexpr double done_nanos = 0.5;

// The simulated lanes and ready sets, and the view of them that the policy gets.
class Simulation final : public SchedView {
 public:
  Simulation(const TaskGraph& graph, const TaskCosts& costs, std::span<const ForecastLane> lanes,
             Policy& policy, const ForecastOptions& options)
      : graph_{graph}, costs_{costs}, policy_{policy}, options_{options} {
    running_.resize(lanes.size());
    for (std::uint32_t i = 0; i < lanes.size(); ++i) {
      LaneView& lane = lanes_.emplace_back();
      lane.id = LaneId{i};
      lane.device = lanes[i].device;
      lane.cores_taken = lanes[i].cores_taken;
      lane.shares_cores_with = lanes[i].shares_cores_with;
    }
    ranks_ = ranks(graph, costs);
    result_.tasks.resize(graph.size());
    result_.tasks_per_lane.resize(lanes.size());
    if (options.outlook != nullptr) area_left_ = options.outlook->area_nanos;
  }

  Result<Forecast> run() {
    TROIKA_TRY(start_graph());
    while (done_ < graph_.size()) {
      fill_lanes();
      if (busy_ == 0) force_one();
      advance();
      retire();
    }
    result_.makespan = now();
    return std::move(result_);
  }

  std::uint64_t version() const noexcept override { return version_; }
  Nanos now() const noexcept override { return Nanos{std::llround(now_)}; }
  std::span<const LaneView> lanes() const noexcept override { return lanes_; }
  std::span<const ReadySet> ready() const noexcept override { return ready_; }
  const ReadySet& bound(LaneId) const noexcept override { return none_bound_; }
  std::span<const ReadySetId> ready_sets() const noexcept override { return ready_sets_; }
  bool able(const ReadyTask& task, LaneId lane) const noexcept override {
    const DeviceId device = lanes_[lane.value].device;
    return time(task, lane).has_value() && (!task.assigned || task.assigned == device);
  }
  Prediction predict(const ReadyTask& task, LaneId lane) const noexcept override {
    return {time(task, lane).value_or(forever), Nanos{0}, known, false};
  }
  RunOutlook outlook(const ReadyTask&) const noexcept override { return {options_.outlook}; }
  double area_left() const noexcept override { return area_left_; }

 private:
  static constexpr unsigned known = 1'000'000;  // samples of everything: nothing is explored

  struct Running {
    ReadyTask task;
    double left = 0;  // nanoseconds of undisturbed work; busy while > 0
    bool busy = false;
  };

  std::optional<Nanos> time(const ReadyTask& task, LaneId lane) const {
    auto time = costs_.time(TaskIndex{task.key.task}, lanes_[lane.value].device);
    if (time) *time += options_.task_overhead;
    return time;
  }

  // Null: tasks are assigned to no devices.
  const Assignment* assigned() const noexcept {
    const Outlook* const outlook = options_.outlook;
    return outlook == nullptr || outlook->assigned.empty() ? nullptr : &outlook->assigned;
  }

  Status start_graph() {
    waiting_.resize(graph_.size());
    for (std::uint32_t i = 0; i < graph_.size(); ++i) {
      const TaskIndex index{i};
      waiting_[i] = graph_.task(index).predecessors;
      const bool able = std::any_of(lanes_.begin(), lanes_.end(), [&](const LaneView& lane) {
        return costs_.time(index, lane.device).has_value();
      });
      if (!able) return {Code::unavailable, "forecast: no lane can run " + graph_.name_of(index)};
    }
    for (std::uint32_t i = 0; i < graph_.size(); ++i)
      if (waiting_[i] == 0) make_ready(TaskIndex{i});
    return {};
  }

  void make_ready(TaskIndex index) {
    const TaskOptions& asked = graph_.options(index);
    ReadyTask task;
    task.key = {0, index.value};
    task.cost = costs_.key(index);
    task.priority = asked.priority;
    task.tenant = asked.tenant;
    task.deadline = asked.deadline;
    task.rank = ranks_[index.value];
    task.age = ++age_;
    if (const Assignment* const plan = assigned();
        plan != nullptr && costs_.time(index, plan->device[index.value])) {
      task.assigned = plan->device[index.value];
      task.rank = plan->rank(index);
    }
    const ReadySetId set = set_of(task, costs_.devices());
    if (ready_.size() <= set.value) ready_.resize(set.value + 1);
    if (ready_[set.value].empty()) ready_sets_.push_back(set);
    ready_[set.value].insert(task);
    policy_.on_ready(task, *this);
  }

  // A lane that left a task to a better one is asked again when that one has taken something.
  void fill_lanes() {
    version_ += 1;
    for (bool taken = true; taken;) {
      taken = false;
      // In the executor's order.
      for (std::size_t i = lanes_.size(); i > 0; --i) {
        const LaneId lane = lanes_[i - 1].id;
        if (running_[lane.value].busy) continue;
        const auto task = policy_.next(lane, *this);
        if (!task) continue;
        start(*task, lane);
        taken = true;
      }
    }
  }

  void force_one() {
    for (const ReadySetId set : ready_sets_)
      for (const LaneView& lane : lanes_)
        if (const ReadyTask task = ready_[set.value].best(); able(task, lane.id)) {
          policy_.on_withdrawn(task);
          start(task, lane.id);
          return;
        }
  }

  void start(const ReadyTask& task, LaneId lane) {
    const ReadySetId at = set_of(task, costs_.devices());
    ready_[at.value].erase(task);
    if (ready_[at.value].empty()) std::erase(ready_sets_, at);
    const Nanos cost = *time(task, lane);
    running_[lane.value] = {task, static_cast<double>(cost.count()), true};
    lanes_[lane.value].queued = 1;
    lanes_[lane.value].free_at = now() + cost;
    busy_ += 1;
    if (options_.outlook != nullptr)
      area_left_ -= area_of(TaskIndex{task.key.task}, costs_, options_.outlook->prices);
    result_.tasks[task.key.task] = {lane, now(), now()};
    result_.tasks_per_lane[lane.value] += 1;
    version_ += 1;
  }

  // How much longer the lane takes at present than it would alone.
  double slow_down(const LaneView& lane) const {
    if (lane.shares_cores_with.empty()) return 1;
    const auto busy = std::count_if(lane.shares_cores_with.begin(), lane.shares_cores_with.end(),
                                    [&](LaneId other) { return running_[other.value].busy; });
    return 1 + (options_.shared_slow_down - 1) * static_cast<double>(busy) /
                   static_cast<double>(lane.shares_cores_with.size());
  }

  // To the next end of a task.
  void advance() {
    double step = std::numeric_limits<double>::infinity();
    for (const LaneView& lane : lanes_)
      if (const Running& running = running_[lane.id.value]; running.busy)
        step = std::min(step, running.left * slow_down(lane));
    for (const LaneView& lane : lanes_)
      if (Running& running = running_[lane.id.value]; running.busy)
        running.left -= step / slow_down(lane);
    now_ += step;
  }

  void retire() {
    std::vector<TaskIndex> finished;
    for (LaneView& lane : lanes_) {
      Running& running = running_[lane.id.value];
      if (!running.busy) {
        lane.free_at = now();
        continue;
      }
      if (running.left > done_nanos) {
        lane.free_at = now() + Nanos{std::llround(running.left * slow_down(lane))};
        continue;
      }
      running.busy = false;
      busy_ -= 1;
      done_ += 1;
      lane.queued = 0;
      lane.free_at = now();
      Forecast::Placement& placed = result_.tasks[running.task.key.task];
      placed.end = now();
      policy_.on_done(running.task, lane.id, placed.end - placed.begin);
      finished.push_back(TaskIndex{running.task.key.task});
    }
    for (const TaskIndex index : finished)
      for (const std::uint32_t successor : graph_.successors(index))
        if (--waiting_[successor] == 0) make_ready(TaskIndex{successor});
  }

  const TaskGraph& graph_;
  const TaskCosts& costs_;
  Policy& policy_;
  const ForecastOptions& options_;
  std::vector<Nanos> ranks_;
  std::vector<LaneView> lanes_;
  std::vector<Running> running_;  // by lane
  std::vector<ReadySet> ready_;
  std::vector<ReadySetId> ready_sets_;
  ReadySet none_bound_;
  std::vector<std::uint32_t> waiting_;  // predecessors not done, by task
  double now_ = 0;
  std::uint64_t age_ = 0;
  std::uint64_t version_ = 0;
  std::size_t busy_ = 0, done_ = 0;
  double area_left_ = 0;
  Forecast result_;
};

}  // namespace

Result<Forecast> forecast(const TaskGraph& graph, const TaskCosts& costs,
                          std::span<const ForecastLane> lanes, Policy& policy,
                          const ForecastOptions& options) {
  return Simulation{graph, costs, lanes, policy, options}.run();
}

}  // namespace troika
