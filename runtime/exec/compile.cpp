// From a graph to a plan: kernels loaded on every device that may run them, priced, prepared.
#include <algorithm>
#include <optional>

#include "runtime/exec/core.h"
#include "runtime/exec/lane_plan.h"

namespace troika {
namespace {

std::uint64_t view_bytes(std::span<const Arg> args) {
  std::uint64_t bytes = 0;
  for (const Arg& arg : args)
    if (arg.is_buffer) bytes += arg.region.size();
  return bytes;
}

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

Result<std::shared_ptr<PlanState>> RuntimeCore::compile(const Graph& graph) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(auto checked, TaskGraph::compile(graph, kernels_));
  auto plan = std::make_shared<PlanState>();
  plan->graph = checked;
  plan->tasks.resize(checked->size());
  const DeviceMask open = executor_->open_devices() & allowed_;
  // By kernel of the graph: which of the plan's operations it is, where that can run now, and where
  // it may submit sub-graphs.
  struct Known {
    std::optional<std::uint32_t> operation;
    DeviceMask able = 0, spawns = 0;
  };
  std::vector<Known> kernels(graph.kernel_names().size());
  for (std::uint32_t t = 0; t < checked->size(); ++t) {
    const TaskIndex index{t};
    const TaskGraph::Task& laid = checked->task(index);
    Known& known = kernels[graph.tasks()[t].kernel];
    if (!known.operation) {
      known.operation = static_cast<std::uint32_t>(plan->operations.size());
      const PlanState::OperationOn& on =
          plan->operations.emplace_back(load_everywhere(*laid.operation));
      for (std::uint32_t d = 0; d < on.loaded.size(); ++d) {
        if (on.loaded[d] == nullptr || (open & bit(DeviceId{d})) == 0) continue;
        known.able |= bit(DeviceId{d});
        if (on.images[d]->spawns) known.spawns |= bit(DeviceId{d});
      }
    }
    PlanState::Task& task = plan->tasks[t];
    const auto args = checked->args(index);
    task.operation = *known.operation;
    task.shape = laid.operation->shape_of(args);
    task.work = laid.operation->work_of(args);
    task.cost.bytes = view_bytes(args);
    // Options 0 are the default's, which rule out nothing.
    task.able = laid.options == 0 ? known.able : known.able & wanted(checked->options(index));
    if ((task.able & known.spawns) != 0) plan->spawns = true;
    if (task.able == 0 && !is_access(*laid.operation)) {
      Code code = Code::unavailable;
      for (const Status& why : plan->operations[task.operation].why)
        if (why.code() == Code::kernel_failed) code = Code::kernel_failed;
      return Status{code, checked->name_of(index) + ": no able device:\n" + explain(*plan, index)};
    }
  }
  TROIKA_TRY(prepare(*plan));
  executor_->price(*plan);
  if (host_lane_ != nullptr) {
    TROIKA_ASSIGN(plan->lane,
                  LanePlan::make(*plan, kernels_, DeviceId{0}, allowed_ == bit(DeviceId{0})));
    if (plan->lane) executor_->price(*plan->lane->whole);
  }
  return plan;
}

// Once for each kernel, shape and device: what a first launch would otherwise pay for.
Status RuntimeCore::prepare(const PlanState& plan) {
  std::vector<std::pair<std::uint32_t, LaunchShape>> done;
  for (const PlanState::Task& task : plan.tasks) {
    const std::pair key{task.operation, task.shape};
    if (std::find(done.begin(), done.end(), key) != done.end()) continue;
    done.push_back(key);
    for (std::uint32_t d = 0; d < parts_.devices.size(); ++d)
      if ((task.able & bit(DeviceId{d})) != 0)
        TROIKA_TRY(
            parts_.devices[d]->prepare(*plan.operations[task.operation].loaded[d], task.shape));
  }
  return {};
}

std::string RuntimeCore::explain(const PlanState& plan, TaskIndex index) const {
  std::string text;
  const PlanState::Task& task = plan.tasks[index.value];
  const TaskOptions& options = plan.graph->options(index);
  const PlanState::OperationOn& on = plan.operations[task.operation];
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
  const std::size_t laid = plan.graph->bytes() + plan.tasks.size() * sizeof(PlanState::Task);
  if (plan.lane == nullptr) return laid + plan.tasks.size() * sizeof(TaskState);
  return laid + plan.lane->graph.bytes() + plan.lane->tasks.size() * sizeof(LanePlan::Task) +
         LaneRun::bytes_for(plan.lane->graph);
}

}  // namespace troika
