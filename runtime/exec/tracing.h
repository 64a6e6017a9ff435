// What the executor writes into the runtime's trace.
#pragma once

#include <array>
#include <span>
#include <unordered_map>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/exec/lane.h"
#include "runtime/exec/run_log.h"
#include "runtime/trace/trace.h"

namespace troika {

// Why a task was placed where it was.
enum class Why : std::uint8_t { policy, only_device, bound, explores };

// Two tracks a queue: kernels, and the bytes that move around them. Decisions and records are made
// on the strand; trace() may be asked from any thread.
class Tracing {
 public:
  explicit Tracing(const TraceOptions& options);

  void add_queue(const QueueState& queue, const DeviceInfo& device, unsigned number);

  // Whether anything is recorded: one relaxed load.
  bool on() const noexcept { return recorder_.on(); }
  // Whether decisions are.
  bool full() const noexcept { return recorder_.full(); }
  // A task became the lane's whose queue it is.
  void placed(const RunState& run, TaskIndex task, const QueueState& on, Why why, Nanos now);
  // A lane could begin with it then, as the policy saw it.
  void candidate(const RunState& run, TaskIndex task, const QueueState& on, Nanos free_at,
                 const Prediction& predicted);
  void issued(const RunState& run, TaskIndex task, const QueueState& into, Nanos now);
  // An operation left its queue. Without `measured` it began when the queue was free for it.
  void retired(const QueueState& from, const InFlight& operation, const Status& status,
               const Interval* measured, Nanos now);
  void device_lost(const DeviceInfo& device, const Status& cause, Nanos now);
  // Workers of the host lane recorded so many events.
  void recorded_elsewhere(std::size_t events);

  Trace& trace() noexcept { return trace_; }
  RunLog& runs() noexcept { return runs_; }
  const RunLog& runs() const noexcept { return runs_; }

 private:
  struct Tracks {
    TrackId tasks, moves;
    Nanos moves_end{0};  // slices of one track do not overlap
  };

  void record(const TraceEvent& event);
  TraceEvent of_task(EventKind kind, const RunState& run, TaskIndex task, const QueueState& on);
  NameId name_of_task(const RunState& run, TaskIndex task);

  Trace trace_;
  RunLog runs_;
  Recorder& recorder_;
  const std::size_t collect_after_;
  std::size_t recorded_ = 0;    // since the last collection
  std::vector<Tracks> tracks_;  // by QueueId
  std::unordered_map<std::string, TrackId> device_tracks_;
  std::unordered_map<const Operation*, NameId> kernel_names_;
  const std::array<NameId, 4> why_names_;  // by Why
};

}  // namespace troika
