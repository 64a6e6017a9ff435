#include "runtime/sched/load_aware.h"

#include <algorithm>

#include "runtime/sched/policies.h"

namespace troika {
namespace {

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
  if (shared == Nanos{0}) return shared;
  return scaled(std::min(execution, shared), shared_slow_down);
}

Nanos shared_backlog(const LaneView& lane, const SchedView& view) noexcept {
  if (lane.shares_cores_with.empty()) return Nanos{0};
  Nanos sum{0};
  for (const LaneId other : lane.shares_cores_with)
    sum += std::max(Nanos{0}, view.lanes()[other.value].free_at - view.now());
  return sum / static_cast<Nanos::rep>(lane.shares_cores_with.size());
}

}  // namespace

void LoadAware::on_ready(const ReadyTask& task, const SchedView&) { ageing_.on_ready(task); }

std::optional<ReadyTask> LoadAware::next(LaneId id, const SchedView& view) {
  if (view.ready_sets().empty() && view.bound(id).empty()) return std::nullopt;
  const LaneView& lane = view.lanes()[id.value];
  if (!lane.open) return std::nullopt;
  const ReadyTask* task = ageing_.due(lane.id, view);
  if (task == nullptr) task = decide(lane, view);
  if (task == nullptr) return std::nullopt;
  ageing_.on_taken();
  return *task;
}

const ReadyTask* LoadAware::decide(const LaneView& lane, const SchedView& view) {
  const ReadyTask* const bound = best_able(view.bound(lane.id).tasks(), lane.id, view);
  survey(view);
  if (devices_[lane.device.value].first_free != &lane) return bound;
  for (std::size_t above = priority_classes; above > 0; --above) {
    const auto priority = static_cast<Priority>(above - 1);
    survey_class(priority, view);
    const ReadyTask* const own = bound && bound->priority == priority ? bound : nullptr;
    if (const ReadyTask* task = explore(lane, view)) return task;
    if (const ReadyTask* task = at_home(lane, own, view)) return task;
    if (const ReadyTask* task = help_out(lane, view)) return task;
  }
  return nullptr;
}

void LoadAware::survey(const SchedView& view) {
  if (version_ != 0 && version_ == view.version()) return;
  version_ = view.version();
  classes_left_ = priority_classes;
  kinds_.clear();
  costs_.clear();
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

void LoadAware::survey_class(Priority priority, const SchedView& view) {
  const auto number = static_cast<std::size_t>(priority);
  Class& found = classes_[number];
  class_ = &found;
  if (number >= classes_left_) return;
  classes_left_ = number;
  found.begin = kinds_.size();
  if (number + 1 == priority_classes) found.ready_work.assign(devices_.size(), Nanos{0});
  else found.ready_work = classes_[number + 1].ready_work;
  for (const ReadySetId set : view.ready_sets()) {
    const auto tasks = of_class(view.ready()[set.value], priority);
    if (tasks.empty()) continue;
    kinds_.push_back(kind_of(tasks, view));
    share_out(kinds_.back(), found.ready_work.data());
  }
  found.end = kinds_.size();
}

LoadAware::Kind LoadAware::kind_of(std::span<const ReadyTask> tasks, const SchedView& view) {
  Kind kind{tasks, costs_.size(), forever};
  for (const DeviceLoad& load : devices_) {
    Cost& cost = costs_.emplace_back();
    if (load.first_free == nullptr || !view.able(kind.head(), load.first_free->id)) continue;
    const Prediction p = view.predict(kind.head(), load.first_free->id);
    cost = {p.transfer + p.execution, p.samples};
    kind.best = std::min(kind.best, cost.time);
  }
  for (std::size_t d = 0; d < devices_.size(); ++d)
    if (may_be_home(kind, d)) kind.homes |= std::uint64_t{1} << d;
  return kind;
}

// Its home devices share its tasks in proportion to their speed. The head stands for all.
void LoadAware::share_out(const Kind& kind, Nanos* ready_work) const {
  double tasks_per_nano = 0;
  for (std::size_t d = 0; d < devices_.size(); ++d)
    if (is_home(kind, d))
      tasks_per_nano += devices_[d].lanes / std::max(1.0, to_double(cost(kind, d).time));
  const double nanos = static_cast<double>(kind.tasks.size()) / tasks_per_nano;
  for (std::size_t d = 0; d < devices_.size(); ++d)
    if (is_home(kind, d)) {
      const double work = std::min(work_max, to_double(ready_work[d]) + nanos);
      ready_work[d] = Nanos{static_cast<Nanos::rep>(work)};
    }
}

const ReadyTask* LoadAware::explore(const LaneView& lane, const SchedView& view) const {
  const ReadyTask* cheapest = nullptr;
  Nanos least = forever;
  for (const Kind& kind : kinds()) {
    const Cost& known = cost(kind, lane.device.value);
    if (known.time != forever && known.samples >= explore_samples) continue;
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

// `bound`: the best of those that only this lane may take, or null.
const ReadyTask* LoadAware::at_home(const LaneView& lane, const ReadyTask* bound,
                                    const SchedView& view) const {
  const std::uint64_t here = std::uint64_t{1} << lane.device.value;
  const ReadyTask* best = bound;
  bool best_only_here = bound != nullptr;
  for (const Kind& kind : kinds()) {
    if ((kind.homes & here) == 0) continue;
    const ReadyTask* task = best_able(kind.tasks, lane.id, view);
    if (task == nullptr) continue;
    // What others do about as well is left for when nothing needs this device.
    const bool only_here = kind.homes == here;
    if (best != nullptr &&
        (only_here != best_only_here ? best_only_here : goes_before(*best, *task)))
      continue;
    if (is_sooner_elsewhere(kind, finish_here(kind, *task, lane, view))) continue;
    best = task;
    best_only_here = only_here;
  }
  return best;
}

bool LoadAware::is_sooner_elsewhere(const Kind& kind, Nanos here) const noexcept {
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const Nanos there = finish_elsewhere(kind, d);
    // Other devices are busy with what they are at home with before they help out.
    const Nanos first = is_home(kind, d) ? Nanos{0} : class_->ready_work[d];
    if (there != forever && there + first < here) return true;
  }
  return false;
}

const ReadyTask* LoadAware::help_out(const LaneView& lane, const SchedView& view) {
  const std::size_t own = lane.device.value;
  const ReadyTask* best = nullptr;
  const Kind* of = nullptr;
  double least = 0;
  for (const Kind& kind : kinds()) {
    if (cost(kind, own).time == forever) continue;
    const double slower = to_double(cost(kind, own).time) / std::max(1.0, to_double(kind.best));
    if (best != nullptr &&
        (slower != least ? slower > least : goes_before(of->tasks.front(), kind.tasks.front())))
      continue;
    const ReadyTask* const task = to_help_with(kind, lane, view);
    if (task == nullptr) continue;
    best = task;
    of = &kind;
    least = slower;
  }
  return best;
}

const ReadyTask* LoadAware::to_help_with(const Kind& kind, const LaneView& lane,
                                         const SchedView& view) const {
  const bool at_home = is_home(kind, lane.device.value);
  if (!at_home && would_displace(kind, lane, view)) return nullptr;
  Nanos first_elsewhere = forever, all_elsewhere = forever;
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    if (!is_home(kind, d)) continue;
    first_elsewhere = std::min(first_elsewhere, finish_elsewhere(kind, d));
    all_elsewhere = std::min(all_elsewhere, devices_[d].start + class_->ready_work[d]);
  }
  const ReadyTask* const first = best_able(kind.tasks, lane.id, view);
  if (first == nullptr) return nullptr;
  if (!at_home && finish_here(kind, *first, lane, view) <= first_elsewhere) return first;
  const ReadyTask* const last = worst_able(kind.tasks, lane.id, view);
  const bool in_time = last != nullptr && finish_here(kind, *last, lane, view) <= all_elsewhere;
  return in_time ? last : nullptr;
}

bool LoadAware::would_displace(const Kind& kind, const LaneView& lane,
                               const SchedView& view) const noexcept {
  return std::any_of(lane.shares_cores_with.begin(), lane.shares_cores_with.end(), [&](LaneId id) {
    const LaneView& other = view.lanes()[id.value];
    return other.queued != 0 && is_home(kind, other.device.value);
  });
}

bool LoadAware::may_be_home(const Kind& kind, std::size_t device) const noexcept {
  const Nanos here = cost(kind, device).time;
  if (here == forever) return false;
  if (devices_[device].first_free->cores_taken <= 1) return here <= scaled(kind.best, home_ratio);
  // On cores that others share it adds nothing of its own: it must be better than all of them.
  for (std::size_t d = 0; d < devices_.size(); ++d)
    if (d != device && cost(kind, d).time < scaled(here, home_ratio)) return false;
  return true;
}

Nanos LoadAware::finish_here(const Kind& kind, const ReadyTask& task, const LaneView& lane,
                             const SchedView& view) const {
  Nanos time = cost(kind, lane.device.value).time;
  if (&task != &kind.head() || time == forever) {
    const Prediction p = view.predict(task, lane.id);
    time = p.transfer + p.execution;
  }
  return std::max(view.now(), lane.free_at) + time + contention(time, shared_backlog(lane, view));
}

Nanos LoadAware::finish_elsewhere(const Kind& kind, std::size_t device) const noexcept {
  const Nanos time = cost(kind, device).time;
  if (time == forever) return forever;
  const DeviceLoad& load = devices_[device];
  return load.start + time + contention(time, load.shared);
}

std::unique_ptr<Policy> make_load_aware() { return std::make_unique<LoadAware>(); }

}  // namespace troika
