// What other threads tell the strand.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/device/queue.h"
#include "runtime/exec/run_state.h"

namespace troika {

struct Submitted {
  std::shared_ptr<RunState> run;
};
struct Advanced {
  Timepoint reached;
  Status status;
  bool lost;
  std::vector<Interval> measured;
};
struct CancelRequested {
  std::shared_ptr<RunState> run;
};
struct BufferReleased {
  std::shared_ptr<BufferState> buffer;
  std::shared_ptr<Event> gone;  // may be null
};
// Every task of a run on the host lane is over.
struct LaneOver {
  std::shared_ptr<RunState> run;
};
// A device leaves service or comes back; told when it has.
struct ServiceChange {
  struct Answer {
    Status outcome;  // written before `given` is set
    Event given;
  };
  DeviceId device;
  bool in_service = false;
  std::shared_ptr<Answer> to;

  void answer(Status outcome) const {
    to->outcome = std::move(outcome);
    to->given.set();
  }
};
// Whether a buffer's pages on the host are fit for a device's DMA now.
struct PinAnswer {
  std::shared_ptr<BufferState> buffer;
  DeviceId device;
  std::unique_ptr<Pin> pin;  // null: the device needs none, or `status` says why there is none
  Status status;
  Nanos took{0};
};
// No run follows: tell when nothing is in flight any more.
struct QuietRequested {
  std::shared_ptr<Event> quiet;
};
using Message = std::variant<Submitted, Advanced, Blocked, CancelRequested, BufferReleased,
                             QuietRequested, LaneOver, ServiceChange, PinAnswer>;

// Unbounded, but each sender is bounded by what it waits for: one message for a report of a queue,
// a run, a buffer.
class Inbox {
 public:
  void push(Message message) {
    const std::scoped_lock lock{mutex_};
    messages_.push_back(std::move(message));
  }
  // Swaps the waiting messages into `taken`, which is cleared first.
  void take(std::vector<Message>& taken) {
    taken.clear();
    const std::scoped_lock lock{mutex_};
    taken.swap(messages_);
  }
  bool empty() const {
    const std::scoped_lock lock{mutex_};
    return messages_.empty();
  }

 private:
  mutable std::mutex mutex_;  // protects messages_
  std::vector<Message> messages_;
};

}  // namespace troika
