// What the host lane writes into the runtime's trace: bursts of tasks and, when it is to be full,
// the tasks within them. A track a worker.
#pragma once

#include <memory>
#include <string>

#include "runtime/base/environment.h"
#include "runtime/exec/host_lane.h"
#include "runtime/trace/trace.h"

namespace troika {

// Outlives the lane; the trace and the environment outlive it.
class LaneTracing {
 public:
  // `group` names the device the tracks belong to; `slots` as the lane's pool has them.
  LaneTracing(Trace& trace, Environment& environment, std::string group, unsigned slots);

  LaneRecorder recorder() noexcept { return {this, now, record}; }

  // Single tasks.
  bool full() const noexcept { return trace_.level() == TraceLevel::full; }
  NameId intern(std::string_view kernel) { return trace_.intern(kernel); }
  // Within a burst where the task before ended: a clock is read once a task, and what the lane
  // itself takes counts to the task behind it.
  Nanos beginning(unsigned worker);
  void record_task(unsigned worker, RunId run, TaskIndex task, NameId kernel, Nanos begin);

 private:
  // Of the thread that holds the slot; made when it first has something to record.
  struct Worker {
    Recorder* recorder = nullptr;
    TrackId track;
    Nanos last_end{0};  // of a task in the burst that goes on; 0: there was none
  };

  static Nanos now(void* self) noexcept;
  static void record(void* self, const LaneBurst& burst) noexcept;
  Worker& at(unsigned worker);

  Trace& trace_;
  Environment& environment_;
  const std::string group_;
  const std::unique_ptr<Worker[]> workers_;
};

}  // namespace troika
