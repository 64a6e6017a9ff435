// Lanes whose worker waits for other work inside Runtime::blocking, and those that stand in for
// them.
#include <algorithm>

#include "runtime/exec/executor.h"

namespace troika {

// Whether something is in flight other than launches that wait for other work.
bool Executor::works() const {
  return pins_asked_ != 0 || std::any_of(queues_.begin(), queues_.end(), [](const auto& q) {
           return !q->in_flight.empty() && q->in_flight.front().value != q->blocked.at.value;
         });
}

// What was behind the launch that waits is as if it had never been issued, and may go anywhere: the
// launch may wait for just that. As many lanes are open as before, since the pool has as many
// workers; so there are no more stand-ins than the pool has spares.
void Executor::block_lane(const Blocked& blocked) {
  QueueState& from = queue(blocked.at.queue);
  if (from.abandoned) return;
  from.blocked = blocked;
  const auto is_behind = [&](const InFlight& op) {
    return op.value > blocked.at.value && op.value <= blocked.last;
  };
  const Status cause{Code::unavailable, "the operation before it waits for other work"};
  for (auto last = from.in_flight.end(); last != from.in_flight.begin();) {
    --last;
    if (!is_behind(*last)) continue;
    const InFlight operation = std::move(*last);
    last = from.in_flight.erase(last);
    recall(from, operation, cause);
  }

  const DeviceId device = lane(from.lane).device;
  const auto is_idle = [&](const Lane& other) {
    return other.device == device && other.stands_in && !other.open && !other.blocked;
  };
  auto standing_in = std::find_if(lanes_.begin(), lanes_.end(), is_idle);
  if (standing_in == lanes_.end()) {
    if (const Status added = add_lane(device, lane(from.lane).number, true); !added.ok())
      return note_refusal(device, added);
    standing_in = lanes_.end() - 1;
  }
  standing_in->open = true;
  Lane& on = lane(from.lane);
  on.blocked = true;
  on.open = false;
  while (!on.placed.empty()) take_back(on, *on.placed.back().run, on.placed.back().task);
  resume_recalled();
  reconsider_ready();
}

void Executor::end_block(Lane& on) {
  on.blocked = false;
  on.open = true;
  const auto standing_in = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& other) {
    return other.device == on.device && other.stands_in && other.open && other.id != on.id;
  });
  // None is open when `on` is the last stand-in itself.
  Lane& leaving = standing_in == lanes_.end() ? on : *standing_in;
  leaving.open = false;
  while (!leaving.placed.empty())
    take_back(leaving, *leaving.placed.back().run, leaving.placed.back().task);
  reconsider_ready();
}

}  // namespace troika
