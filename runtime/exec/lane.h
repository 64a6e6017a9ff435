// A device's worker as the executor sees it: what is bound to it, what is in its queue.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "runtime/device/queue.h"
#include "runtime/exec/inbox.h"
#include "runtime/exec/run_state.h"
#include "runtime/sched/policy.h"

namespace troika {

// An operation that was enqueued and whose outcome is not yet known.
struct InFlight {
  enum class Kind : std::uint8_t { task, acquire, copy, release };
  Kind kind = Kind::task;
  std::uint64_t value = 0;
  RunState* run = nullptr;  // task, acquire
  TaskIndex task;
  std::shared_ptr<BufferState> buffer;  // acquire, copy, release
  Region region;
  SpaceId from, to;         // copy; a hand-over happens in `to`
  Nanos predicted{0};       // copy
  bool pinned = false;      // copy: the pages on the host were when it began
  bool told_alone = false;  // the queue's report of its end was of it alone
  Nanos enqueued{0};
  std::vector<Timepoint> behind;  // of the device's other queues: what it waits for there
  Status spoiled;                 // what it reads never came: it has failed whatever it reports
};

// A queue and what is in flight on it, in order.
struct QueueState {
  QueueId id;
  DeviceId device;
  LaneId lane;  // none: the device's copy queue
  std::unique_ptr<Queue> queue;
  std::deque<InFlight> in_flight;
  std::deque<Advanced> told;  // reports that wait for another queue's
  std::uint64_t reached = 0;  // as far as the strand has processed
  std::uint64_t told_of = 0;  // the end of the last report that was processed whole
  Nanos reached_at{0};
  std::uint32_t copies_failed = 0;  // in a row
  Blocked blocked;                  // the last launch that waited, and what was taken back for it
  bool unflushed = false;
  bool abandoned = false;
};

struct Placed {
  RunState* run;
  TaskIndex task;
};

// A failed task whose followers are still in the queue.
struct Recovery {
  RunState* run;
  TaskIndex task;
  QueueId queue;
  std::uint64_t until;  // queue value at which all of them are known
};

struct Lane {
  LaneId id;
  DeviceId device;
  unsigned number = 0;  // among the device's lanes
  QueueId queue;
  SpaceId space;
  AgentMask agent = common_agent;
  bool open = true;
  bool blocked = false;        // its worker waits for other work; a stand-in is open meanwhile
  bool stands_in = false;      // open only while another lane of the device is blocked
  ReadySet bound;              // ready, and only this lane may take them
  std::vector<Placed> placed;  // in the order of their reservations
  std::vector<Recovery> recovering;
  std::size_t issued = 0;
  bool look = false;                     // what is placed may have become issuable
  Nanos placed_work{0}, issued_work{0};  // predicted
  Nanos busy_since{0};                   // when the head of the queue began, or now
  Nanos latency{50'000};                 // of a completion, measured
  bool waits_for_room = false;           // until something in its space is given back
};

}  // namespace troika
