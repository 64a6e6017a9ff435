// What is there before anything runs: lanes and queues, and what plans are expected to cost.
#include <algorithm>

#include "runtime/exec/listener.h"
#include "runtime/exec/planned_costs.h"
#include "runtime/exec/view.h"
#include "runtime/sched/ranks.h"

namespace troika {

// References to lanes are invalid behind it.
Lane& Executor::new_lane(DeviceId device, unsigned number) {
  const DeviceInfo& info = devices_[device.value]->info();
  Lane& lane = lanes_.emplace_back();
  lane.id = LaneId{static_cast<std::uint32_t>(lanes_.size() - 1)};
  lane.device = device;
  lane.number = number;
  lane.space = info.space;
  lane.agent = info.needs_hand_over ? AgentMask{1} << device.value : common_agent;
  return lane;
}

// The same. Stand-ins stay closed until they are needed.
Status Executor::add_lane(DeviceId device, unsigned number, bool stands_in) {
  Lane& lane = new_lane(device, number);
  lane.stands_in = stands_in;
  lane.open = false;
  return create_queue(device, QueueUse::compute, number, lane.id, lane.queue);
}

// Nobody looks at it before it is open.
QueueId Executor::reserve_queue(DeviceId device) {
  auto state = std::make_unique<QueueState>();
  state->id = QueueId{static_cast<std::uint32_t>(queues_.size())};
  state->device = device;
  state->abandoned = true;
  queues_.push_back(std::move(state));
  return queues_.back()->id;
}

void Executor::open_queue(MadeQueue made, LaneId lane) {
  QueueState& state = queue(made.id);
  state.lane = lane;
  state.queue = std::move(made.queue);
  state.abandoned = false;
  tracing_.add_queue(state, devices_[state.device.value]->info(), made.number);
}

Status Executor::create_queue(DeviceId device, QueueUse use, unsigned number, LaneId lane,
                              QueueId& id) {
  MadeQueue made{reserve_queue(device), use, number, nullptr};
  TROIKA_ASSIGN(made.queue, devices_[device.value]->create_queue(made.id, use, number, *listener_));
  id = made.id;
  open_queue(std::move(made), lane);
  return {};
}

Status Executor::add_device() {
  const DeviceId device{static_cast<std::uint32_t>(devices_.size())};
  std::vector<MadeQueue> queues;
  TROIKA_TRY(make_queues(device, queues));
  {
    const std::scoped_lock lock{shared_};
    now_ = environment_.now();
    open_device(device, std::move(queues));
  }
  strand_.notify();
  return {};
}

Status Executor::make_queues(DeviceId device, std::vector<MadeQueue>& queues) {
  Device& of = *table_.first(device.value + 1).back();
  {
    const std::scoped_lock lock{shared_};
    for (unsigned number = 0; number < of.info().lanes; ++number)
      queues.push_back({reserve_queue(device), QueueUse::compute, number, nullptr});
    if (of.info().copy_queue) queues.push_back({reserve_queue(device), QueueUse::copy, 0, nullptr});
  }
  for (MadeQueue& made : queues) {
    TROIKA_ASSIGN(made.queue, of.create_queue(made.id, made.use, made.number, *listener_));
  }
  return {};
}

// Whatever is kept by device grows; what was planned without it is decided anew.
void Executor::open_device(DeviceId device, std::vector<MadeQueue> queues) {
  const std::vector<Placed> withdrawn = withdraw_ready();
  devices_ = table_.first(device.value + 1);
  const DeviceInfo& info = devices_.back()->info();
  model_.add_device({info.backend + ":" + info.description, info.flops_per_second,
                     info.bytes_per_second, Nanos{5'000}});
  memo_.count_devices();
  warmed_.emplace_back();
  copy_queues_.emplace_back();
  ready_.resize(devices_.size() + kernel_ids_.size());
  for (std::vector<std::uint32_t>& of_kernel : exploring_) of_kernel.resize(devices_.size());
  counters_.tasks_by_device.resize(devices_.size());
  mix_ = {};
  for (const auto& run : runs_) {
    if (!run) continue;
    run->tasks_by_device.resize(devices_.size());
    drop_outlook(*run);
  }
  open_memory(device);
  room_came_back_ = true;
  for (MadeQueue& made : queues) {
    LaneId lane;
    const QueueId id = made.id;
    if (made.use == QueueUse::copy) {
      copy_queues_.back() = id;
    } else {
      Lane& added = new_lane(device, made.number);
      added.queue = id;
      lane = added.id;
    }
    open_queue(std::move(made), lane);
  }
  open_devices_.fetch_or(bit(device), std::memory_order_relaxed);
  view_->refresh();
  reconsider(withdrawn);
}

void Executor::open_memory(DeviceId device) {
  const DeviceInfo& info = devices_[device.value]->info();
  store_.add_device(device, devices_[device.value]->memory());
  store_.add_space(info.space, device, info.memory_bytes);
  if (info.shares_allocations) store_.prefer(info.space, device);
  keep_freed(device);
  for (const Link& link : info.links) {
    links_.add(link.from, link.to, link.bytes_per_second, link.latency);
    if (direct_.size() <= link.to.value) direct_.resize(link.to.value + 1);
    direct_[link.to.value] |= SpaceMask{1} << link.from.value;
  }
}

Status Executor::start() {
  if (!options_.costs.empty()) TROIKA_TRY(model_.load(options_.costs));
  environment_.attach(*this);
  return {};
}

void Executor::take_in(PlanState& plan, std::span<const PlanState::OperationOn> loaded,
                       std::span<const DeviceMask> able, PlanState::LaneUse use) {
  {
    const std::scoped_lock lock{shared_};
    now_ = environment_.now();
    for (std::size_t o = 0; o < loaded.size(); ++o) {
      PlanState::OperationOn& on = plan.operations[o];
      for (std::size_t d = plan.devices.load(); d < loaded[o].loaded.size(); ++d) {
        on.loaded[d] = loaded[o].loaded[d];
        on.images[d] = loaded[o].images[d];
        on.why[d] = loaded[o].why[d];
      }
    }
    for (std::size_t k = 0; k < able.size(); ++k) plan.kinds[k].able |= able[k];
    plan.lane_use.store(use);
    if (std::ranges::any_of(runs_,
                            [&](const auto& run) { return run && run->plan.get() == &plan; }))
      reconsider_ready();
  }
  strand_.notify();
}

// Not where a device of the space would hand its writes over late.
void Executor::keep_freed(DeviceId device) {
  const SpaceId space = devices_[device.value]->info().space;
  const bool hands_over = std::any_of(devices_.begin(), devices_.end(), [&](const auto& other) {
    return other->info().space == space && other->info().needs_hand_over;
  });
  if (space == host_space) return;
  if (hands_over) store_.forget_freed(space);
  else store_.keep_freed(space);
}

// Host accesses and kernels are numbered, priced and ranked before the first run.
void Executor::price(PlanState& plan) {
  const std::scoped_lock lock{shared_};
  for (PlanState::OperationOn& on : plan.operations) {
    const auto [entry, added] = kernel_ids_.try_emplace(on.operation);
    if (added) {
      entry->second = model_.add_kernel(on.operation->name);
      ready_.resize(devices_.size() + entry->second.value + 1);
      exploring_.emplace_back(devices_.size());
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
