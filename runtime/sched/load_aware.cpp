#include "runtime/sched/load_aware.h"

#include <algorithm>

#include "runtime/sched/policies.h"

namespace troika {
namespace {

// Tasks of one kernel that are asked about before it counts as not able here.
constexpr std::size_t look_max = 32;
// A device is at home with a kernel up to this multiple of the fastest device's time: near equals
// share the work instead of leaving it to one of them.
constexpr double home_ratio = 1.25;
// Work on the same cores makes a task later by this share of the time they overlap. Two that share
// fairly lose all of it, but observed times already contain the usual part.
constexpr double shared_slow_down = 0.5;
// A device is explored beyond its first sample where that was up to this multiple of the fastest
// device's time: further off, no spike decides.
constexpr double explore_ratio = 2;
// Bounds sums of predictions, in nanoseconds.
constexpr double work_max = 1e18;

double to_double(Nanos time) noexcept { return static_cast<double>(time.count()); }

Nanos scaled(Nanos time, double factor) noexcept {
  return Nanos{static_cast<Nanos::rep>(to_double(time) * factor)};
}

Nanos contention(Nanos execution, Nanos shared) noexcept {
  return scaled(std::min(execution, shared), shared_slow_down);
}

// The first task that any able lane may take; failing that, the first.
const ReadyTask& representative(std::span<const ReadyTask> tasks) noexcept {
  for (const ReadyTask& task : tasks.first(std::min(look_max, tasks.size())))
    if (!task.bound) return task;
  return tasks.front();
}

Nanos shared_backlog(const LaneView& lane, const SchedView& view) noexcept {
  if (lane.shares_cores_with.empty()) return Nanos{0};
  Nanos sum{0};
  for (const LaneId other : lane.shares_cores_with)
    sum += std::max(Nanos{0}, view.lanes()[other.value].free_at - view.now());
  return sum / static_cast<Nanos::rep>(lane.shares_cores_with.size());
}

// The tasks of one class; a ready set is sorted by class first, high to low.
std::span<const ReadyTask> of_class(const ReadySet& set, Priority priority) noexcept {
  const auto tasks = set.tasks();
  const auto first = std::partition_point(
      tasks.begin(), tasks.end(), [&](const ReadyTask& t) { return t.priority > priority; });
  const auto last = std::partition_point(
      first, tasks.end(), [&](const ReadyTask& t) { return t.priority == priority; });
  return {first, last};
}

const ReadyTask* best_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view) {
  for (const ReadyTask& task : tasks.first(std::min(look_max, tasks.size())))
    if (view.able(task, lane)) return &task;
  return nullptr;
}

const ReadyTask* worst_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view) {
  const std::size_t look = std::min(look_max, tasks.size());
  for (std::size_t i = 1; i <= look; ++i)
    if (view.able(tasks[tasks.size() - i], lane)) return &tasks[tasks.size() - i];
  return nullptr;
}

}  // namespace

void LoadAware::on_ready(const ReadyTask& task, const SchedView&) {
  latest_age_ = std::max(latest_age_, task.age);
}

std::optional<ReadyTask> LoadAware::next(LaneId id, const SchedView& view) {
  const LaneView& lane = view.lanes()[id.value];
  if (!lane.open || view.ready_kernels().empty()) return std::nullopt;
  const ReadyTask* task = nullptr;
  if ((taken_ + 1) % ageing_period == 0) task = oldest(lane, view);
  if (task == nullptr) task = decide(lane, view);
  if (task == nullptr) return std::nullopt;
  taken_ += 1;
  return *task;
}

const ReadyTask* LoadAware::decide(const LaneView& lane, const SchedView& view) {
  survey_lanes(view);
  for (std::size_t above = priority_classes; above > 0; --above) {
    survey_tasks(static_cast<Priority>(above - 1), view);
    if (kinds_.empty()) continue;
    if (const ReadyTask* task = explore(lane, view)) return task;
    if (const ReadyTask* task = at_home(lane, view)) return task;
    if (const ReadyTask* task = help_out(lane, view)) return task;
  }
  return nullptr;
}

const ReadyTask* LoadAware::oldest(const LaneView& lane, const SchedView& view) const {
  const ReadyTask* found = nullptr;
  for (const KernelId kernel : view.ready_kernels())
    for (const ReadyTask& task : view.ready()[kernel.value].tasks())
      if (latest_age_ > task.age + ageing_bound && (found == nullptr || task.age < found->age) &&
          view.able(task, lane.id))
        found = &task;
  return found;
}

void LoadAware::survey_lanes(const SchedView& view) {
  devices_.clear();
  for (const LaneView& lane : view.lanes()) {
    if (devices_.size() <= lane.device.value) devices_.resize(lane.device.value + 1);
    DeviceLoad& load = devices_[lane.device.value];
    if (!lane.open) continue;
    load.lanes += 1;
    const Nanos start = std::max(view.now(), lane.free_at);
    if (load.first_free != nullptr && load.start <= start) continue;
    load.first_free = &lane;
    load.start = start;
  }
  for (DeviceLoad& load : devices_)
    if (load.first_free != nullptr) load.shared = shared_backlog(*load.first_free, view);
}

void LoadAware::survey_tasks(Priority priority, const SchedView& view) {
  kinds_.clear();
  costs_.clear();
  for (const KernelId kernel : view.ready_kernels()) {
    const auto tasks = of_class(view.ready()[kernel.value], priority);
    if (tasks.empty()) continue;
    const ReadyTask& head = representative(tasks);
    Kind kind{tasks, costs_.size(), forever};
    for (const DeviceLoad& load : devices_) {
      Nanos cost = forever;
      if (load.first_free != nullptr && view.able(head, load.first_free->id)) {
        const Prediction p = view.predict(head, load.first_free->id);
        cost = p.transfer + p.execution;
      }
      costs_.push_back(cost);
      kind.best = std::min(kind.best, cost);
    }
    kinds_.push_back(kind);

    // Its home devices share its tasks in proportion to their speed. The head stands for all.
    double tasks_per_nano = 0;
    for (std::size_t d = 0; d < devices_.size(); ++d)
      if (is_home(kind, d))
        tasks_per_nano += devices_[d].lanes / std::max(1.0, to_double(costs_[kind.costs + d]));
    const double nanos = static_cast<double>(tasks.size()) / tasks_per_nano;
    for (std::size_t d = 0; d < devices_.size(); ++d)
      if (is_home(kind, d)) {
        const double work = std::min(work_max, to_double(devices_[d].ready_work) + nanos);
        devices_[d].ready_work = Nanos{static_cast<Nanos::rep>(work)};
      }
  }
}

const ReadyTask* LoadAware::explore(const LaneView& lane, const SchedView& view) const {
  const ReadyTask* cheapest = nullptr;
  Nanos least = forever;
  for (const Kind& kind : kinds_) {
    const ReadyTask* task = worst_able(kind.tasks, lane.id, view);
    if (task == nullptr) continue;
    const Prediction p = view.predict(*task, lane.id);
    const Nanos cost = p.transfer + p.execution;
    if (p.exploring || p.samples >= explore_samples || cost >= least) continue;
    if (p.samples != 0 && cost > scaled(kind.best, explore_ratio)) continue;
    cheapest = task;
    least = cost;
  }
  return cheapest;
}

const ReadyTask* LoadAware::at_home(const LaneView& lane, const SchedView& view) const {
  const ReadyTask* best = nullptr;
  bool best_only_here = false;
  for (const Kind& kind : kinds_) {
    const ReadyTask* task = best_able(kind.tasks, lane.id, view);
    if (task == nullptr) continue;
    if (!task->bound && !is_home(kind, lane.device.value)) continue;
    // What others do about as well is left for when nothing needs this device.
    const bool only_here = task->bound || is_home_only(kind, lane.device.value);
    if (best != nullptr &&
        (only_here != best_only_here ? best_only_here : goes_before(*best, *task)))
      continue;
    if (!task->bound && is_sooner_elsewhere(kind, finish_here(*task, lane, view))) continue;
    best = task;
    best_only_here = only_here;
  }
  return best;
}

bool LoadAware::is_sooner_elsewhere(const Kind& kind, Nanos here) const noexcept {
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const Nanos there = finish_elsewhere(kind, d);
    // Other devices are busy with what they are at home with before they help out.
    const Nanos first = is_home(kind, d) ? Nanos{0} : devices_[d].ready_work;
    if (there != forever && there + first < here) return true;
  }
  return false;
}

const ReadyTask* LoadAware::help_out(const LaneView& lane, const SchedView& view) {
  const std::size_t own = lane.device.value;
  const auto relative = [&](const Kind& kind) {
    return to_double(costs_[kind.costs + own]) / std::max(1.0, to_double(kind.best));
  };
  std::sort(kinds_.begin(), kinds_.end(), [&](const Kind& a, const Kind& b) {
    const double x = relative(a), y = relative(b);
    return x != y ? x < y : goes_before(a.tasks.front(), b.tasks.front());
  });
  for (const Kind& kind : kinds_) {
    if (!is_home(kind, own) && would_displace(kind, lane, view)) continue;
    Nanos first_elsewhere = forever, all_elsewhere = forever;
    for (std::size_t d = 0; d < devices_.size(); ++d) {
      if (!is_home(kind, d)) continue;
      first_elsewhere = std::min(first_elsewhere, finish_elsewhere(kind, d));
      all_elsewhere = std::min(all_elsewhere, devices_[d].start + devices_[d].ready_work);
    }
    const ReadyTask* first = best_able(kind.tasks, lane.id, view);
    if (first == nullptr) continue;
    if (!is_home(kind, own) && finish_here(*first, lane, view) <= first_elsewhere) return first;
    const ReadyTask* last = worst_able(kind.tasks, lane.id, view);
    if (last != nullptr && finish_here(*last, lane, view) <= all_elsewhere) return last;
  }
  return nullptr;
}

bool LoadAware::would_displace(const Kind& kind, const LaneView& lane,
                               const SchedView& view) const noexcept {
  return std::any_of(lane.shares_cores_with.begin(), lane.shares_cores_with.end(), [&](LaneId id) {
    const LaneView& other = view.lanes()[id.value];
    return other.queued != 0 && is_home(kind, other.device.value);
  });
}

bool LoadAware::is_home(const Kind& kind, std::size_t device) const noexcept {
  const Nanos cost = costs_[kind.costs + device];
  if (cost == forever) return false;
  const LaneView& lane = *devices_[device].first_free;
  if (lane.cores_taken <= 1) return cost <= scaled(kind.best, home_ratio);
  // On cores that others share it adds nothing of its own: it must be better than all of them.
  return std::none_of(devices_.begin(), devices_.end(), [&](const DeviceLoad& other) {
    const auto d = static_cast<std::size_t>(&other - devices_.data());
    return d != device && costs_[kind.costs + d] < scaled(cost, home_ratio);
  });
}

bool LoadAware::is_home_only(const Kind& kind, std::size_t device) const noexcept {
  for (std::size_t d = 0; d < devices_.size(); ++d)
    if (d != device && is_home(kind, d)) return false;
  return is_home(kind, device);
}

Nanos LoadAware::finish_here(const ReadyTask& task, const LaneView& lane,
                             const SchedView& view) const {
  const Prediction p = view.predict(task, lane.id);
  const Nanos cost = p.transfer + p.execution;
  return std::max(view.now(), lane.free_at) + cost + contention(cost, shared_backlog(lane, view));
}

Nanos LoadAware::finish_elsewhere(const Kind& kind, std::size_t device) const noexcept {
  const Nanos cost = costs_[kind.costs + device];
  if (cost == forever) return forever;
  const DeviceLoad& load = devices_[device];
  return load.start + cost + contention(cost, load.shared);
}

std::unique_ptr<Policy> make_load_aware() { return std::make_unique<LoadAware>(); }

}  // namespace troika
