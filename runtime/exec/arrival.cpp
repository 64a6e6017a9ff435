// Devices that come while the runtime goes on, and plans that were made without them.
#include <algorithm>

#include "runtime/exec/core.h"
#include "runtime/exec/lane_execution.h"

namespace troika {
namespace {

constexpr std::size_t spaces_max = 8 * sizeof(SpaceMask);

}  // namespace

Status RuntimeCore::may_come(const DeviceInfo& device) const {
  if (devices_->is_full())
    return {Code::exhausted,
            "a runtime has at most " + std::to_string(devices_max) + " devices, and has them"};
  if (device.space.value >= spaces_max)
    return {Code::invalid_argument, "space " + std::to_string(device.space.value) +
                                        " is none of the first " + std::to_string(spaces_max)};
  if (is_here([&](const DeviceInfo& known) { return known.name == device.name; }))
    return {Code::invalid_argument, "a device of that name is here already"};
  return {};
}

// Whether one of the devices that are not lost is such.
template <class Is>
bool RuntimeCore::is_here(Is&& is) const {
  const auto devices = this->devices();
  for (std::uint32_t d = 0; d < devices.size(); ++d)
    if ((executor_->open_devices() & bit(DeviceId{d})) != 0 && is(devices[d]->info())) return true;
  return false;
}

Status RuntimeCore::add_device(std::unique_ptr<Device> device) {
  if (device == nullptr) return {Code::invalid_argument, "no device was given to be added"};
  if (must_not_wait()) return {Code::would_deadlock, "a device is added on a thread of Troika's"};
  const std::scoped_lock lock{adding_};
  TROIKA_TRY(usable());
  return take_in(std::move(device));
}

Result<std::vector<Missing>> RuntimeCore::add_backend(std::string_view name, std::string keys,
                                                      Opened (*open)(std::string_view,
                                                                     const BackendOptions&)) {
  if (must_not_wait())
    return Status{Code::would_deadlock, "a backend is opened on a thread of Troika's"};
  const std::scoped_lock lock{adding_};
  TROIKA_TRY(usable());
  if (is_here([&](const DeviceInfo& known) { return known.backend == name; }))
    return Status{Code::invalid_argument, "devices of " + std::string{name} + " are here already"};
  BackendOptions wanted;
  wanted.environment = parts_.environment;
  wanted.workers = parts_.workers;
  wanted.text = std::move(keys);
  for (const auto& device : devices())
    wanted.first_space = std::max(wanted.first_space, device->info().space.value + 1);
  Opened opened = open(name, wanted);
  for (auto& device : opened.devices) {
    std::string what = device->info().name;
    if (Status added = take_in(std::move(device)); !added.ok())
      opened.missing.push_back({std::move(what), std::move(added)});
  }
  return std::move(opened.missing);
}

// `adding_` is held.
Status RuntimeCore::take_in(std::unique_ptr<Device> device) {
  const std::string name = device->info().name;
  if (const Status may = may_come(device->info()); !may.ok()) return may.within("adding " + name);
  devices_->put(std::move(device));
  if (const Status added = executor_->add_device(); !added.ok()) {
    devices_->put(nullptr);
    return added.within("adding " + name);
  }
  allowed_ |= bit(DeviceId{static_cast<std::uint32_t>(devices().size())});
  devices_->publish();
  std::vector<std::shared_ptr<RunState>> runs;
  {
    const std::scoped_lock with_runs{mutex_};
    for (const auto& weak : live_runs_)
      if (auto run = weak.lock()) runs.push_back(std::move(run));
  }
  for (const auto& run : runs) take_in_new_devices(run->lane ? *run->lane->plan() : *run->plan);
  return {};
}

void RuntimeCore::take_in_new_devices(PlanState& plan) {
  if (plan.devices.load() == devices().size()) return;
  const std::scoped_lock lock{extending_};
  const std::size_t first = plan.devices.load(), end = devices().size();
  std::vector<PlanState::OperationOn> loaded;
  for (const PlanState::OperationOn& known : plan.operations)
    loaded.push_back(load_on(*known.operation, first, end));
  std::vector<DeviceMask> able;  // by kind
  for (const PlanState::Kind& kind : plan.kinds)
    able.push_back(this->able(loaded[kind.operation], plan.choices[kind.choice], end));
  leave_out_unfit(plan, loaded, able);
  // The host lane has no elsewhere, and does not ask where the bytes are that a sub-graph left.
  PlanState::LaneUse use = plan.lane_use.load();
  if (use != PlanState::LaneUse::never &&
      std::ranges::any_of(able, [](DeviceMask mask) { return mask != 0; }))
    use = may_choose(plan) && plan.lane->restarts && !plan.spawns ? PlanState::LaneUse::as_found
                                                                  : PlanState::LaneUse::never;
  executor_->take_in(plan, loaded, able, use);
  plan.devices.store(end);
}

// A device that cannot do a kernel in some shape does none of its tasks.
void RuntimeCore::leave_out_unfit(const PlanState& plan, std::span<PlanState::OperationOn> loaded,
                                  std::span<DeviceMask> able) {
  for (std::size_t k = 0; k < able.size(); ++k) {
    const PlanState::Kind& kind = plan.kinds[k];
    PlanState::OperationOn& on = loaded[kind.operation];
    for (std::uint32_t d = 0; d < devices().size(); ++d) {
      if ((able[k] & bit(DeviceId{d})) == 0 || !on.why[d].ok()) continue;
      if (on.images[d]->spawns && !plan.spawns)
        on.why[d] = {Code::unsupported, "submits sub-graphs, which no kernel of the plan did"};
      else on.why[d] = devices()[d]->prepare(*on.loaded[d], kind.shape);
      if (!on.why[d].ok()) on.loaded[d] = nullptr;
    }
  }
  for (std::size_t k = 0; k < able.size(); ++k)
    able[k] = this->able(loaded[plan.kinds[k].operation], plan.choices[plan.kinds[k].choice],
                         devices().size());
}

}  // namespace troika
