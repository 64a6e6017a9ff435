// What is there before anything runs: lanes and queues, and what plans are expected to cost.
#include <algorithm>

#include "runtime/exec/executor.h"
#include "runtime/exec/planned_costs.h"
#include "runtime/sched/ranks.h"

namespace troika {

// References to lanes are invalid behind it.
Status Executor::add_lane(DeviceId device, unsigned number, bool stands_in) {
  const DeviceInfo& info = devices_[device.value]->info();
  Lane lane;
  lane.id = LaneId{static_cast<std::uint32_t>(lanes_.size())};
  lane.device = device;
  lane.number = number;
  lane.space = info.space;
  lane.agent = info.needs_hand_over ? AgentMask{1} << device.value : common_agent;
  lane.stands_in = stands_in;
  TROIKA_TRY(create_queue(device, QueueUse::compute, number, lane.id, lane.queue));
  lanes_.push_back(std::move(lane));
  return {};
}

Status Executor::start() {
  DeviceMask open = 0;
  for (std::uint32_t d = 0; d < devices_.size(); ++d) {
    const DeviceId device{d};
    const DeviceInfo& info = devices_[d]->info();
    Memory& memory = devices_[d]->memory();
    store_.add_device(device, memory);
    store_.add_space(info.space, device, info.memory_bytes);
    if (info.shares_allocations) store_.prefer(info.space, device);
    model_.add_device({info.backend + ":" + info.description, info.flops_per_second,
                       info.bytes_per_second, Nanos{5'000}});
    warmed_.emplace_back();
    copy_queues_.emplace_back();
    for (unsigned number = 0; number < info.lanes; ++number)
      TROIKA_TRY(add_lane(device, number, false));
    if (info.copy_queue)
      TROIKA_TRY(create_queue(device, QueueUse::copy, 0, LaneId{}, copy_queues_[d]));
    open |= bit(device);
    keep_freed(device);
    for (const Link& link : info.links) {
      if (direct_.size() <= link.to.value) direct_.resize(link.to.value + 1);
      direct_[link.to.value] |= SpaceMask{1} << link.from.value;
    }
  }
  if (!options_.costs.empty()) TROIKA_TRY(model_.load(options_.costs));
  counters_.tasks_by_device.assign(devices_.size(), 0);
  open_devices_.store(open, std::memory_order_relaxed);
  environment_.attach(*this);
  return {};
}

// Not where a device of the space would hand its writes over late.
void Executor::keep_freed(DeviceId device) {
  const SpaceId space = devices_[device.value]->info().space;
  const bool hands_over = std::any_of(devices_.begin(), devices_.end(), [&](const auto& other) {
    return other->info().space == space && other->info().needs_hand_over;
  });
  if (space != host_space && !hands_over) store_.keep_freed(space);
}

// Host accesses and kernels are numbered, priced and ranked before the first run.
void Executor::price(PlanState& plan) {
  const std::scoped_lock lock{shared_};
  for (PlanState::OperationOn& on : plan.operations) {
    const auto [entry, added] = kernel_ids_.try_emplace(on.operation);
    if (added) {
      entry->second = model_.add_kernel(on.operation->name);
      ready_.resize(devices_.size() + entry->second.value + 1);
      exploring_.resize(entry->second.value + 1, std::vector<std::uint32_t>(devices_.size()));
    }
    on.kernel = entry->second;
  }
  for (PlanState::Kind& kind : plan.kinds) {
    kind.cost.kernel = plan.operations[kind.operation].kernel;
    kind.memo = memo_.row_of(kind.cost, kind.work);
  }
  plan.ranks = ranks(*plan.graph, PlannedCosts{plan, memo_, devices_.size()});
}

}  // namespace troika
