// Devices that are taken out of service and put back: nothing is lost with one that leaves.
#include <algorithm>

#include "runtime/exec/executor.h"

namespace troika {

void Executor::change_service(const ServiceChange& change) {
  const DeviceId device = change.device;
  if (is_lost(device)) {
    change.answer({Code::device_lost, devices_[device.value]->info().name + " is lost"});
    return;
  }
  if (change.in_service) {
    away_devices_.fetch_and(~bit(device), std::memory_order_relaxed);
    std::erase_if(departures_, [&](const ServiceChange& departure) {
      if (departure.device != device) return false;
      departure.answer({Code::cancelled, devices_[device.value]->info().name +
                                             " was put back into service before it had left"});
      return true;
    });
    keep_freed(device);
    change.answer({});
  } else {
    away_devices_.fetch_or(bit(device), std::memory_order_relaxed);
    departures_.push_back(change);
    for (Lane& on : lanes_)
      while (on.device == device && !on.placed.empty())
        take_back(on, *on.placed.back().run, on.placed.back().task);
  }
  reconsider_ready();
}

void Executor::serve_departures() {
  std::erase_if(departures_, [&](const ServiceChange& departure) {
    Status outcome;
    if (is_lost(departure.device)) {
      outcome = {Code::device_lost, "it was lost before it had left"};
    } else {
      if (!bring_home(departure.device, outcome) || !is_unused(departure.device)) return false;
      if (outcome.ok()) clear_out(departure.device);
    }
    departure.answer(outcome.ok() ? outcome
                                  : outcome.within(devices_[departure.device.value]->info().name));
    return true;
  });
}

// Begins what can begin. True when nothing that matters is the device's alone any more, or will be
// when its queues have done what they have; what cannot be brought home `outcome` tells.
bool Executor::bring_home(DeviceId device, Status& outcome) {
  const DeviceInfo& info = devices_[device.value]->info();
  const bool alone = is_alone_in_its_space(device);
  bool at_home = true;
  std::vector<Region> there;
  for (const auto& buffer : buffers_) {
    if (buffer->home(info.space) == nullptr || !buffer->dead.ok()) continue;
    // Should a write fail, wherever it is, what was there before is wanted again.
    if (buffer->coherence.any_pending()) {
      at_home = false;
      continue;
    }
    there.clear();
    if (alone) buffer->coherence.sole(info.space, there);
    if (info.needs_hand_over)
      buffer->coherence.held(info.space, AgentMask{1} << device.value, there);
    for (const Region& region : there) {
      if (!buffer->coherence.readable(region).ok()) continue;  // lost before
      if (Status room = store_.ensure(*buffer, host_space, buffer->home(info.space)->tenant);
          !room.ok()) {
        outcome = room.within("what it alone holds of " + name_of(*buffer) + " has to stay there");
        continue;
      }
      // What is under way keeps the device's queues busy until it is there.
      const Coherence::Want want{region, Access::read, host_space, common_agent,
                                 direct_into(host_space)};
      at_home = stage(*buffer, want) != Staged::under_way && at_home;
    }
  }
  return at_home;
}

bool Executor::is_unused(DeviceId device) {
  const bool idle = std::all_of(queues_.begin(), queues_.end(), [&](const auto& queue) {
    return queue->device != device || queue->in_flight.empty();
  });
  if (!idle || !is_alone_in_its_space(device)) return idle;
  // Other devices may still be copying from there.
  return all_reached([&](Frontier& users) {
    for (const auto& buffer : buffers_)
      buffer->coherence.users(devices_[device.value]->info().space, users);
  });
}

void Executor::clear_out(DeviceId device) {
  const SpaceId space = devices_[device.value]->info().space;
  const bool alone = is_alone_in_its_space(device);
  if (alone) store_.forget_freed(space);
  for (const auto& buffer : buffers_) {
    if (!buffer->dead.ok()) continue;
    if (alone) store_.evict(*buffer, space);
    else store_.drop_handle(*buffer, space, device);
  }
  room_given_back();
}

bool Executor::is_alone_in_its_space(DeviceId device) const {
  const SpaceId space = devices_[device.value]->info().space;
  return space != host_space && std::none_of(lanes_.begin(), lanes_.end(), [&](const Lane& other) {
           return other.open && other.device != device && other.space == space;
         });
}

}  // namespace troika
