// What the host lane writes into the runtime's trace: bursts of tasks and, when it is to be full,
// the tasks within them. A track a worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/base/cycle_clock.h"
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
  // Within a burst where the task before ended: time is measured once a task, and what the lane
  // itself takes counts to the task behind it.
  Nanos beginning(unsigned worker);
  // Of which all is there but its end: that is now.
  void record_task(unsigned worker, TaskRecord task);

 private:
  // Of the thread that holds the slot; made when it first has something to record.
  struct alignas(64) Worker {
    Recorder* recorder = nullptr;
    TrackId track;
    std::optional<TaskWriter> tasks;
    Nanos last_end{0};           // of a task in the burst that goes on; 0: there was none
    CycleMark mark;              // since which cycles are counted
    double nanos_per_cycle = 0;  // 0: the clock is read instead
  };

  static Nanos now(void* self) noexcept;
  static void record(void* self, const LaneBurst& burst) noexcept;
  Worker& at(unsigned worker);
  // Reads the clock, and counts the worker's cycles from there.
  Nanos mark(Worker& worker);
  Nanos time(Worker& worker);

  Trace& trace_;
  Environment& environment_;
  const std::string group_;
  const std::unique_ptr<Worker[]> workers_;
  const bool counts_cycles_;
  const CycleMark origin_;  // what the length of a cycle is measured from
};

}  // namespace troika
