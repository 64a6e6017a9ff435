// From a graph to a plan: kernels loaded on every device that may run them, priced, prepared.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "runtime/exec/core.h"
#include "runtime/exec/lane_plan.h"

namespace troika {
namespace {

constexpr DeviceId host{0};

// Its place among `choices`, where it is added if it is new.
std::uint32_t choice_of(const TaskOptions& options, std::vector<PlanState::Choice>& choices) {
  const PlanState::Choice wanted{options.only, options.never};
  const auto at = std::ranges::find(choices, wanted) - choices.begin();
  if (at == std::ssize(choices)) choices.push_back(wanted);
  return static_cast<std::uint32_t>(at);
}

std::uint64_t view_bytes(std::span<const Arg> args) {
  std::uint64_t bytes = 0;
  for (const Arg& arg : args)
    if (arg.is_buffer) bytes += arg.region.size();
  return bytes;
}

// Finds the kind of each task of a plan. Most are of one that was found before, usually the latest.
class KindTable {
 public:
  explicit KindTable(PlanState& plan) : kinds_{plan.kinds} {}

  std::uint32_t of(const PlanState::Kind& kind) {
    if (latest_ < kinds_.size() && kinds_[latest_] == kind) return latest_;
    const auto [begin, end] = by_hash_.equal_range(hash(kind));
    for (auto known = begin; known != end; ++known)
      if (kinds_[known->second] == kind) return latest_ = known->second;
    latest_ = static_cast<std::uint32_t>(kinds_.size());
    kinds_.push_back(kind);
    by_hash_.emplace(hash(kind), latest_);
    return latest_;
  }

 private:
  static std::size_t hash(const PlanState::Kind& kind) noexcept {
    std::size_t all = 0;
    const auto mix = [&all](std::size_t word) {
      all = (std::rotl(all, 23) ^ word) * 0x9e3779b97f4a7c15;
    };
    mix(kind.operation);
    mix(kind.choice);
    mix(kind.able);
    mix(kind.cost.bytes);
    mix(std::hash<double>{}(kind.work.flops));
    mix(std::hash<double>{}(kind.work.bytes));
    for (const std::size_t extent : kind.shape.global) mix(extent);
    for (const std::size_t extent : kind.shape.local) mix(extent);
    return all;
  }

  std::vector<PlanState::Kind>& kinds_;
  std::unordered_multimap<std::size_t, std::uint32_t> by_hash_;
  std::uint32_t latest_ = 0;
};

}  // namespace

RuntimeCore::Found RuntimeCore::load(const Operation& operation, DeviceId device) {
  // Held while compiling: two threads that want one kernel get one build.
  const std::scoped_lock lock{loading_};
  const auto [entry, added] = loaded_.try_emplace({&operation, device.value});
  Loaded& loaded = entry->second;
  const auto found = [&] { return Found{loaded.kernel.get(), loaded.image, loaded.why}; };
  if (loaded.kernel != nullptr) return found();
  const DeviceInfo& info = devices()[device.value]->info();
  loaded.image = nullptr;
  for (const Dialect dialect : info.dialects)
    if (loaded.image == nullptr) loaded.image = operation.image(dialect);
  if (loaded.image == nullptr) {
    loaded.why = {Code::unsupported, "no implementation in a dialect of " + info.name};
    return found();
  }
  if (!added && loaded.why.code() == Code::kernel_failed) return found();
  auto built = devices()[device.value]->load(*loaded.image);
  if (built.ok()) loaded.kernel = *std::move(built);
  else loaded.why = built.status();
  return found();
}

// On the devices from `first` to `end`.
PlanState::OperationOn RuntimeCore::load_on(const Operation& operation, std::size_t first,
                                            std::size_t end) {
  PlanState::OperationOn on;
  on.operation = &operation;
  if (is_access(operation)) return on;
  on.loaded.resize(devices_max);
  on.images.resize(devices_max);
  on.why.resize(devices_max);
  for (std::size_t d = first; d < end; ++d) {
    const DeviceId device{static_cast<std::uint32_t>(d)};
    const bool may = (allowed_.load() & bit(device)) != 0;
    const Found found =
        may ? load(operation, device)
            : Found{nullptr, nullptr, {Code::unavailable, "not among the devices asked for"}};
    on.loaded[d] = found.kernel;
    on.images[d] = found.image;
    on.why[d] = found.why;
  }
  return on;
}

// Devices among the first `end` that have the operation and are not ruled out.
DeviceMask RuntimeCore::able(const PlanState::OperationOn& on, const PlanState::Choice& choice,
                             std::size_t end) const {
  DeviceMask able = 0;
  for (std::uint32_t d = 0; d < std::min(end, on.loaded.size()); ++d)
    if (on.loaded[d] != nullptr && choice.allows(devices()[d]->info())) able |= bit(DeviceId{d});
  return able;
}

Result<std::shared_ptr<PlanState>> RuntimeCore::compile(const Graph& graph, Runs runs) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(auto checked, TaskGraph::compile(graph, kernels_));
  auto plan = std::make_shared<PlanState>();
  plan->graph = checked;
  const std::size_t devices = this->devices().size();
  plan->devices.store(devices);
  for (const Operation* operation : checked->operations())
    plan->operations.push_back(load_on(*operation, 0, devices));
  plan->kind_of.reserve(checked->size());
  KindTable kinds{*plan};
  const DeviceMask open = executor_->open_devices() & allowed_.load();
  PlanState::Kind able_of;  // the latest
  for (std::uint32_t t = 0; t < checked->size(); ++t) {
    const TaskIndex index{t};
    const Operation& operation = checked->operation(index);
    const TaskGraph::Task& task = checked->task(index);
    const auto args = checked->args(index);
    PlanState::Kind kind;
    kind.operation = task.operation;
    kind.shape = operation.shape_of(args);
    kind.work = operation.work_of(args);
    kind.cost.bytes = view_bytes(args);
    // Options 0 are the default's, which rule out nothing.
    if (task.options != 0) kind.choice = choice_of(checked->options(index), plan->choices);
    const bool as_before = !plan->kind_of.empty() && able_of.operation == kind.operation &&
                           able_of.choice == kind.choice;
    kind.able = as_before ? able_of.able
                          : open & able(plan->operations[kind.operation],
                                        plan->choices[kind.choice], devices);
    able_of = kind;
    plan->kind_of.push_back(kinds.of(kind));
    if (kind.able == 0 && !is_access(operation)) {
      Code code = Code::unavailable;
      for (const Status& why : plan->operations[kind.operation].why)
        if (why.code() == Code::kernel_failed) code = Code::kernel_failed;
      return Status{code, checked->name_of(index) + ": no able device:\n" + explain(*plan, index)};
    }
  }
  for (const PlanState::Kind& kind : plan->kinds)
    for (std::uint32_t d = 0; d < devices; ++d)
      if ((kind.able & bit(DeviceId{d})) != 0 && plan->operations[kind.operation].images[d]->spawns)
        plan->spawns = true;
  TROIKA_TRY(prepare(*plan));
  executor_->price(*plan);
  const bool host_alone =
      std::all_of(plan->kinds.begin(), plan->kinds.end(),
                  [](const PlanState::Kind& kind) { return kind.able == bit(host); });
  if (host_lane_ != nullptr && (host_alone || (runs == Runs::many && may_choose(*plan)))) {
    TROIKA_ASSIGN(plan->lane, LanePlan::make(*plan, kernels_, host, allowed_.load() == bit(host)));
    if (plan->lane) {
      executor_->price(*plan->lane->whole);
      plan->lane_use.store(host_alone ? PlanState::LaneUse::always : PlanState::LaneUse::as_found);
    }
  }
  if (!plan->lane) executor_->look_out(*plan);
  return plan;
}

// Once for each kernel, shape and device: what a first launch would otherwise pay for.
Status RuntimeCore::prepare(const PlanState& plan) {
  std::vector<std::pair<std::uint32_t, LaunchShape>> done;
  for (const PlanState::Kind& kind : plan.kinds) {
    const std::pair key{kind.operation, kind.shape};
    if (std::find(done.begin(), done.end(), key) != done.end()) continue;
    done.push_back(key);
    for (std::uint32_t d = 0; d < devices_max; ++d)
      if ((kind.able & bit(DeviceId{d})) != 0)
        TROIKA_TRY(devices()[d]->prepare(*plan.operations[kind.operation].loaded[d], kind.shape));
  }
  return {};
}

std::string RuntimeCore::explain(const PlanState& plan, TaskIndex index) const {
  std::string text;
  const TaskOptions& options = plan.graph->options(index);
  const PlanState::OperationOn& on = plan.operation(index);
  for (std::uint32_t d = 0; d < plan.devices.load(); ++d) {
    const DeviceInfo& info = devices()[d]->info();
    text += "  " + info.name + ": ";
    if (on.loaded[d] == nullptr) text += on.why[d].to_string();
    else if (info.is_among(options.never)) text += "banned by never_on()";
    else if (!options.only.empty() && !info.is_among(options.only))
      text += "not named by only_on()";
    else if ((executor_->open_devices() & bit(DeviceId{d})) == 0) text += "lost";
    else if ((executor_->away_devices() & bit(DeviceId{d})) != 0) text += "out of service";
    else text += "able" + executor_->sharing(DeviceId{d}, plan.kind(index).cost.bytes);
    text += "\n";
  }
  return text;
}

std::size_t RuntimeCore::bytes_of(const PlanState& plan) const noexcept {
  const std::size_t laid = plan.graph->bytes() + plan.bytes();
  if (plan.lane == nullptr) return laid + plan.size() * sizeof(TaskState);
  return laid + plan.lane->graph.bytes() + plan.lane->tasks.size() * sizeof(LanePlan::Task) +
         LaneRun::bytes_for(plan.lane->graph);
}

}  // namespace troika
