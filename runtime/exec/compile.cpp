// From a graph to a plan: kernels loaded on every device that may run them, priced, prepared.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "runtime/exec/core.h"
#include "runtime/exec/lane_plan.h"

namespace troika {
namespace {

constexpr DeviceId host{0};

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
  const DeviceInfo& info = parts_.devices[device.value]->info();
  loaded.image = nullptr;
  for (const Dialect dialect : info.dialects)
    if (loaded.image == nullptr) loaded.image = operation.image(dialect);
  if (loaded.image == nullptr) {
    loaded.why = {Code::unsupported, "no implementation in a dialect of " + info.name};
    return found();
  }
  if (!added && loaded.why.code() == Code::kernel_failed) return found();
  auto built = parts_.devices[device.value]->load(*loaded.image);
  if (built.ok()) loaded.kernel = *std::move(built);
  else loaded.why = built.status();
  return found();
}

PlanState::OperationOn RuntimeCore::load_everywhere(const Operation& operation) {
  PlanState::OperationOn on;
  on.operation = &operation;
  for (std::uint32_t d = 0; d < parts_.devices.size(); ++d) {
    const bool may = (allowed_ & bit(DeviceId{d})) != 0;
    const Found found =
        may ? load(operation, DeviceId{d})
            : Found{nullptr, nullptr, {Code::unavailable, "not among the devices asked for"}};
    on.loaded.push_back(found.kernel);
    on.images.push_back(found.image);
    on.why.push_back(found.why);
  }
  return on;
}

// Devices that the options do not rule out.
DeviceMask RuntimeCore::wanted(const TaskOptions& options) const {
  DeviceMask wanted = 0;
  for (std::uint32_t d = 0; d < parts_.devices.size(); ++d) {
    const DeviceInfo& info = parts_.devices[d]->info();
    const bool banned =
        info.is_among(options.never) || (!options.only.empty() && !info.is_among(options.only));
    if (!banned) wanted |= bit(DeviceId{d});
  }
  return wanted;
}

Result<std::shared_ptr<PlanState>> RuntimeCore::compile(const Graph& graph, Runs runs) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(auto checked, TaskGraph::compile(graph, kernels_));
  auto plan = std::make_shared<PlanState>();
  plan->graph = checked;
  for (const Operation* operation : checked->operations())
    plan->operations.push_back(load_everywhere(*operation));
  plan->kind_of.reserve(checked->size());
  KindTable kinds{*plan};
  const DeviceMask open = executor_->open_devices() & allowed_;
  std::vector<DeviceMask> able;  // by operation
  for (const PlanState::OperationOn& on : plan->operations) {
    DeviceMask& mask = able.emplace_back(0);
    for (std::uint32_t d = 0; d < on.loaded.size(); ++d)
      if (on.loaded[d] != nullptr) mask |= open & bit(DeviceId{d});
  }
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
    kind.able = task.options == 0 ? able[task.operation]
                                  : able[task.operation] & wanted(checked->options(index));
    plan->kind_of.push_back(kinds.of(kind));
    if (kind.able == 0 && !is_access(operation)) {
      Code code = Code::unavailable;
      for (const Status& why : plan->operations[kind.operation].why)
        if (why.code() == Code::kernel_failed) code = Code::kernel_failed;
      return Status{code, checked->name_of(index) + ": no able device:\n" + explain(*plan, index)};
    }
  }
  for (const PlanState::Kind& kind : plan->kinds)
    for (std::uint32_t d = 0; d < parts_.devices.size(); ++d)
      if ((kind.able & bit(DeviceId{d})) != 0 && plan->operations[kind.operation].images[d]->spawns)
        plan->spawns = true;
  TROIKA_TRY(prepare(*plan));
  executor_->price(*plan);
  plan->host_alone =
      std::all_of(plan->kinds.begin(), plan->kinds.end(),
                  [](const PlanState::Kind& kind) { return kind.able == bit(host); });
  if (host_lane_ != nullptr && (plan->host_alone || (runs == Runs::many && may_choose(*plan)))) {
    TROIKA_ASSIGN(plan->lane, LanePlan::make(*plan, kernels_, host, allowed_ == bit(host)));
    if (plan->lane) executor_->price(*plan->lane->whole);
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
    for (std::uint32_t d = 0; d < parts_.devices.size(); ++d)
      if ((kind.able & bit(DeviceId{d})) != 0)
        TROIKA_TRY(
            parts_.devices[d]->prepare(*plan.operations[kind.operation].loaded[d], kind.shape));
  }
  return {};
}

std::string RuntimeCore::explain(const PlanState& plan, TaskIndex index) const {
  std::string text;
  const TaskOptions& options = plan.graph->options(index);
  const PlanState::OperationOn& on = plan.operation(index);
  for (std::uint32_t d = 0; d < parts_.devices.size(); ++d) {
    const DeviceInfo& info = parts_.devices[d]->info();
    text += "  " + info.name + ": ";
    if (on.loaded[d] == nullptr) text += on.why[d].to_string();
    else if (info.is_among(options.never)) text += "banned by never_on()";
    else if (!options.only.empty() && !info.is_among(options.only))
      text += "not named by only_on()";
    else if ((executor_->open_devices() & bit(DeviceId{d})) == 0) text += "lost";
    else if ((executor_->away_devices() & bit(DeviceId{d})) != 0) text += "out of service";
    else text += "able";
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
