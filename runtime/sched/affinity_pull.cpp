#include "runtime/sched/affinity_pull.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "runtime/sched/policies.h"

namespace troika {
namespace {

// Devices are about as fast at a kernel up to this ratio.
constexpr double near_equal = 1.05;
// Predictions that differ by up to this ratio may differ by chance.
constexpr double noise = 1.5;
// What is left of a graph takes so much longer than spread evenly over all lanes.
constexpr double unevenness = 1.1;
// A device is explored beyond its first sample where that was up to this multiple of the fastest.
constexpr double explore_ratio = 2;
// Of the exponentially weighted mean of a lane's slowness, the latest tasks' median.
constexpr double latest_weight = 0.2;
// As long as tasks take what is predicted, within this, predictions are not asked for again.
constexpr double as_expected = 0.01;
// Tasks bound to a lane ahead of the one that runs, where inputs have to be brought.
constexpr std::size_t prefetched = 2;
constexpr double never = std::numeric_limits<double>::infinity();

constexpr std::uint64_t bit(std::size_t device) noexcept { return std::uint64_t{1} << device; }

double to_double(Nanos time) noexcept { return static_cast<double>(time.count()); }

template <class Visit>
void each_device(std::uint64_t mask, Visit&& visit) {
  for (; mask != 0; mask &= mask - 1) visit(static_cast<std::size_t>(std::countr_zero(mask)));
}

const Outlook::Style& style_of(const Outlook* plan) noexcept {
  static constexpr Outlook::Style usual;
  return plan == nullptr ? usual : plan->style;
}

const AlikeTasks* priced(const Outlook* plan, const CostKey& key) noexcept {
  if (plan == nullptr) return nullptr;
  const auto place = [](const CostKey& of) { return std::pair{of.kernel.value, of.bytes}; };
  const auto found = std::ranges::lower_bound(
      plan->work, place(key), {}, [&](const AlikeTasks& tasks) { return place(tasks.key); });
  return found != plan->work.end() && found->key == key ? &*found : nullptr;
}

// When the task's graph is to be over; what is left of all graphs may take longer.
double due(const ReadyTask& task, const SchedView& view) noexcept {
  const RunOutlook run = view.outlook(task);
  double planned = run.plan == nullptr ? 0 : to_double(run.started) + run.plan->end_nanos;
  if (task.deadline != forever) planned = to_double(task.deadline);
  return std::max(planned, to_double(view.now()) + unevenness * view.area_left());
}

// Whether the path behind the task is over in time, if everything on it is done where it is
// fastest.
bool in_time(const ReadyTask& task, double end_here, double best, const SchedView& view) noexcept {
  return end_here + std::max(0.0, to_double(task.rank) - best) <= due(task, view);
}

}  // namespace

void AffinityPull::on_ready(const ReadyTask& task, const SchedView&) { ageing_.on_ready(task); }

std::optional<ReadyTask> AffinityPull::next(LaneId id, const SchedView& view) {
  if (view.ready_sets().empty() && view.bound(id).empty()) return std::nullopt;
  const LaneView& lane = view.lanes()[id.value];
  if (!lane.open || holds_off(lane, view)) return std::nullopt;
  const ReadyTask* task = ageing_.due(id, view);
  if (task == nullptr) task = decide(lane, view);
  if (task == nullptr) return std::nullopt;
  ageing_.on_taken();
  return *task;
}

// What is bound early is bound with less knowledge: only to keep the queue from running dry, and to
// have inputs on their way.
bool AffinityPull::holds_off(const LaneView& lane, const SchedView& view) const noexcept {
  if (lane.queued == 0) return false;
  if (lane.brings_inputs && lane.queued <= prefetched) return false;
  return lane.free_at - view.now() >= lane.horizon;
}

const ReadyTask* AffinityPull::decide(const LaneView& lane, const SchedView& view) {
  survey_lanes(view);
  const ReadyTask* const bound = best_able(view.bound(lane.id).tasks(), lane.id, view);
  bool& nothing = devices_[lane.device.value].nothing;
  if (bound == nullptr && lane.queued == 0 && nothing) return nullptr;
  for (std::size_t above = priority_classes; above > 0; --above) {
    const auto priority = static_cast<Priority>(above - 1);
    survey_kinds(priority, view);
    const ReadyTask* const mine = bound && bound->priority == priority ? bound : nullptr;
    if (const ReadyTask* task = explore(lane, view)) return task;
    if (const ReadyTask* task = own(lane, mine, view)) return task;
    if (const ReadyTask* task = pull(lane, view)) return task;
  }
  // Another idle lane of the device would find no more.
  nothing = lane.queued == 0 && version_ != 0;
  return nullptr;
}

void AffinityPull::survey_lanes(const SchedView& view) {
  if (version_ != 0 && version_ == view.version()) return;
  version_ = view.version();
  paces_.resize(view.lanes().size());
  device_of_.resize(view.lanes().size());
  kinds_.clear();
  surveyed_ = Priority{priority_classes};
  devices_.clear();
  for (const LaneView& lane : view.lanes()) {
    if (devices_.size() <= lane.device.value) devices_.resize(lane.device.value + 1);
    device_of_[lane.id.value] = lane.device;
    if (!lane.open) continue;
    DeviceState& state = devices_[lane.device.value];
    const double free_at = to_double(std::max(view.now(), lane.free_at));
    state.lanes += 1;
    if (state.lane && state.free_at <= free_at) continue;
    state.lane = lane.id;
    state.free_at = free_at;
  }
}

void AffinityPull::survey_kinds(Priority priority, const SchedView& view) {
  if (surveyed_ == priority && version_ != 0) return;
  surveyed_ = priority;
  kinds_.clear();
  for (const ReadySetId set : view.ready_sets()) {
    const auto tasks = of_class(view.ready()[set.value], priority);
    if (!tasks.empty()) kinds_.push_back(kind_of(tasks, view));
  }
}

// The first task stands for all: those of one kernel differ in size, if at all.
AffinityPull::Kind AffinityPull::kind_of(std::span<const ReadyTask> tasks, const SchedView& view) {
  const ReadyTask& head = tasks.front();
  const Outlook* const plan = view.outlook(head).plan;
  Kind kind{tasks, &row_of(head.cost), plan, priced(plan, head.cost), 0, 0, never, never, never,
            never};
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    if (!devices_[d].lane || !view.able(head, devices_[d].lane)) continue;
    kind.able |= bit(d);
    kind.best = std::min(kind.best, cell(*kind.row, head, d, view).nanos);
  }
  double least = never;
  each_device(kind.able, [&](std::size_t d) { least = std::min(least, usual(kind, d)); });
  // A device that is as fast but in more demand is not the task's.
  each_device(kind.able, [&](std::size_t d) {
    if (usual(kind, d) <= near_equal * least)
      kind.worth_fast = std::min(kind.worth_fast, worth(kind, d));
  });
  each_device(kind.able, [&](std::size_t d) {
    const double here = worth(kind, d);
    if (usual(kind, d) <= near_equal * least && here <= near_equal * kind.worth_fast) {
      kind.fast |= bit(d);
    } else {
      kind.worth_next = std::min(kind.worth_next, std::max(kind.worth_slow, here));
      kind.worth_slow = std::min(kind.worth_slow, here);
    }
  });
  return kind;
}

// What a task takes there by what was known when its plan's prices were found, unless it is clearly
// something else by now: of the kernels that are worth the same here and there, which prices always
// make some, every later measurement would send all of them one way.
double AffinityPull::usual(const Kind& kind, std::size_t device) noexcept {
  const double then = kind.priced == nullptr ? never : kind.priced->nanos[device];
  const double now = (*kind.row)[device].nanos;
  return now <= noise * then && then <= noise * now && then != never ? then : now;
}

// What a task costs there at its plan's prices.
double AffinityPull::worth(const Kind& kind, std::size_t device) noexcept {
  const double nanos = usual(kind, device);
  return kind.plan == nullptr ? nanos : nanos * kind.plan->tilted[device];
}

// What a task costs there over what it costs elsewhere; the fast devices count as one.
double AffinityPull::affinity(const Kind& kind, std::size_t device) noexcept {
  const double here = worth(kind, device);
  if ((kind.fast & bit(device)) != 0) return here / kind.worth_slow;
  const double slow = here == kind.worth_slow ? kind.worth_next : kind.worth_slow;
  return here / std::min(kind.worth_fast, slow);
}

// Whether no slower device that might take the first task would end it in time.
bool AffinityPull::is_urgent(const Kind& kind, std::size_t device, const SchedView& view) noexcept {
  const double tolerance = style_of(kind.plan).tolerance, now = to_double(view.now());
  bool urgent = true;
  each_device(kind.able & ~kind.fast & ~bit(device), [&](std::size_t d) {
    urgent = urgent && !(affinity(kind, d) <= tolerance &&
                         in_time(kind.tasks.front(), now + (*kind.row)[d].nanos, kind.best, view));
  });
  return urgent;
}

const ReadyTask* AffinityPull::explore(const LaneView& lane, const SchedView& view) {
  const ReadyTask* cheapest = nullptr;
  double least = never;
  for (const Kind& kind : kinds_) {
    const bool able = (kind.able & bit(lane.device.value)) != 0;
    if (able && (*kind.row)[lane.device.value].samples >= explore_samples) continue;
    const ReadyTask* const task = worst_able(kind.tasks, lane.id, view);
    if (task == nullptr) continue;
    const Prediction p = view.predict(*task, lane.id);
    const double nanos = to_double(p.transfer + p.execution);
    if (p.exploring || p.samples >= explore_samples || nanos >= least) continue;
    if (p.samples != 0 && nanos > explore_ratio * kind.best) continue;
    cheapest = task;
    least = nanos;
  }
  return cheapest;
}

// `bound`: the best of those that only this lane may take, or null.
const ReadyTask* AffinityPull::own(const LaneView& lane, const ReadyTask* bound,
                                   const SchedView& view) {
  const ReadyTask* best = nullptr;
  bool best_urgent = false;
  const auto consider = [&](const Kind& kind) {
    if ((kind.fast & bit(lane.device.value)) == 0) return;
    const ReadyTask* const task = best_able(kind.tasks, lane.id, view);
    if (task == nullptr) return;
    const bool urgent =
        style_of(kind.plan).urgent_first && is_urgent(kind, lane.device.value, view);
    if (best != nullptr && (urgent != best_urgent ? best_urgent : goes_before(*best, *task)))
      return;
    best = task;
    best_urgent = urgent;
  };
  for (const Kind& kind : kinds_) consider(kind);
  if (bound != nullptr) consider(kind_of({bound, 1}, view));
  return best;
}

const ReadyTask* AffinityPull::pull(const LaneView& lane, const SchedView& view) {
  const std::size_t own = lane.device.value;
  by_affinity_.clear();
  for (const Kind& kind : kinds_)
    if ((kind.able & ~kind.fast & bit(own)) != 0) by_affinity_.push_back(&kind);
  std::sort(by_affinity_.begin(), by_affinity_.end(),
            [&](const Kind* a, const Kind* b) { return affinity(*a, own) < affinity(*b, own); });
  for (const Kind* kind : by_affinity_) {
    const double nanos = (*kind->row)[own].nanos * paces_[lane.id.value].slowness;
    const double end = to_double(std::max(view.now(), lane.free_at)) + nanos;
    const Outlook::Style& style = style_of(kind->plan);
    if (affinity(*kind, own) <= style.tolerance && (!style.feeds || is_needed(*kind, nullptr, end)))
      if (const ReadyTask* task = first_in_time(*kind, end, lane, view)) return task;
    if (!style.helps) continue;
    const ReadyTask* const last = worst_able(kind->tasks, lane.id, view);
    if (last != nullptr && is_needed(*kind, last, end)) return last;
  }
  return nullptr;
}

// Slack grows along the tasks.
const ReadyTask* AffinityPull::first_in_time(const Kind& kind, double end, const LaneView& lane,
                                             const SchedView& view) {
  const auto late = [&](const ReadyTask& task) { return !in_time(task, end, kind.best, view); };
  const auto found = std::partition_point(kind.tasks.begin(), kind.tasks.end(), late);
  return best_able({found, kind.tasks.end()}, lane.id, view);
}

// Whether the faster devices, first busy with what is ready for them and goes before the task,
// would not have ended it by then; null: with all that is ready for them.
bool AffinityPull::is_needed(const Kind& kind, const ReadyTask* before, double end) const {
  double free_at = never;
  unsigned lanes = 0;
  each_device(kind.fast, [&](std::size_t d) {
    free_at = std::min(free_at, devices_[d].free_at);
    lanes += devices_[d].lanes;
  });
  double work = before == nullptr ? 0 : kind.best * lanes;
  for (const Kind& other : kinds_) {
    if ((other.fast & kind.fast) == 0) continue;
    auto behind = other.tasks.end();
    if (before != nullptr)
      behind =
          std::partition_point(other.tasks.begin(), other.tasks.end(),
                               [&](const ReadyTask& each) { return goes_before(each, *before); });
    work += static_cast<double>(behind - other.tasks.begin()) * other.best;
  }
  return end <= free_at + work / lanes;
}

void AffinityPull::Pace::observe(double ratio) noexcept {
  const double median =
      std::max(std::min(latest[0], latest[1]), std::min(std::max(latest[0], latest[1]), ratio));
  latest = {latest[1], ratio};
  slowness = (1 - latest_weight) * slowness + latest_weight * median;
}

void AffinityPull::on_done(const ReadyTask& task, LaneId lane, Nanos observed) {
  if (lane.value >= device_of_.size()) return;
  const std::size_t device = device_of_[lane.value].value;
  Row& row = row_of(task.cost);
  if (row.size() <= device || row[device].nanos == 0) return;
  const double ratio = to_double(observed) / row[device].nanos;
  paces_[lane.value].observe(ratio);
  if (std::abs(ratio - 1) <= as_expected) return;
  // Also of devices like it, for which this counts as well: what is known of them is of one moment.
  for (Cell& cell : row) cell.known = false;
}

const AffinityPull::Cell& AffinityPull::cell(Row& row, const ReadyTask& task, std::size_t device,
                                             const SchedView& view) const {
  if (row.size() <= device) row.resize(devices_.size());
  Cell& cell = row[device];
  if (cell.known) return cell;
  const Prediction p = view.predict(task, devices_[device].lane);
  cell = {std::max(1.0, to_double(p.execution)), p.samples, p.samples >= explore_samples};
  return cell;
}

AffinityPull::Row& AffinityPull::row_of(const CostKey& key) {
  if (rows_.size() <= key.kernel.value) rows_.resize(key.kernel.value + 1);
  return rows_[key.kernel.value][key.bytes];
}

std::unique_ptr<Policy> make_affinity_pull() { return std::make_unique<AffinityPull>(); }

}  // namespace troika
