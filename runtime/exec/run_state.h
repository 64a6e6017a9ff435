// One execution of a plan.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/device/worker_pool.h"
#include "runtime/exec/gate.h"
#include "runtime/exec/plan_state.h"
#include "runtime/exec/task_context.h"

namespace troika {

class LaneExecution;

struct TaskState {
  enum class Stage : std::uint8_t {
    waiting,  // for predecessors
    ready,    // in a ready set
    placed,   // bound to a lane, footprint reserved, inputs on their way
    issued,   // in the lane's queue
    failed,   // its attempt failed; the lane's queue drains before it is decided what next
    joining,  // its kernel has returned, sub-graphs of it are still running
    ending,   // will not run; its predecessors are not all over
    over
  };
  enum class End : std::uint8_t { none, done, failed, poisoned, cancelled };
  Stage stage = Stage::waiting;
  End end = End::none;        // once over
  std::uint8_t attempts = 0;  // failures so far
  bool doomed = false;   // issued behind a task that failed: whatever it reports, it did not happen
  bool spoiled = false;  // issued, and what it reads never came: it is bound to fail
  bool poisoned = false;           // a task it depends on has failed for good
  bool holds_followers = false;    // while issued: its successors wait until it is over
  bool explores = false;           // placed to get a first measurement
  bool holds = false;              // host accesses: its buffers are held
  bool counted_off = false;        // from its run's area: it was placed
  DeviceId assigned;               // while ready: by the run's outlook; none: to no device
  bool staged = false;             // every input is there or on its way
  bool mixed = false;              // its predecessors in flight are not all on one lane
  std::uint32_t remaining = 0;     // predecessors that are not over
  std::uint32_t in_flight = 0;     // of those, issued on `flight_lane` (or, mixed, anywhere)
  std::uint32_t children = 0;      // sub-graphs not over
  std::uint32_t first_link = ~0U;  // into RunState::links: successors in later runs
  LaneId flight_lane;
  LaneId bound;          // ready: the only lane that may take it
  LaneId lane;           // placed or issued there
  DeviceMask unfit = 0;  // devices whose space it can never fit
  DeviceMask tried = 0;  // devices where an attempt failed
  Timepoint done;
  std::uint64_t age = 0;
  Nanos ready_at{0};  // first
  Nanos placed_at{0};
  Nanos began{0};  // when it was issued, or reached the head of its queue
  Nanos predicted{0};
  Status cause;  // of a failed attempt, or of a predecessor's failure
  Status child_failure;
};

struct RunState : std::enable_shared_from_this<RunState> {
  RunState();
  ~RunState();

  // An edge into a later run.
  struct Link {
    std::shared_ptr<RunState> run;
    TaskIndex task;
    std::uint32_t next;
  };

  std::span<const Arg> args(TaskIndex task) const noexcept {
    return own_args.empty() ? plan->graph->args(task) : plan->graph->args_of(task, own_args);
  }

  RunId id;
  std::uint32_t slot = 0;  // in the executor's table: TaskKey::run
  std::shared_ptr<PlanState> plan;
  std::vector<std::shared_ptr<BufferState>> buffers;  // by the graph's slot
  std::vector<std::shared_ptr<BufferState>> scratch;  // those of them that only this run uses
  std::vector<Arg> own_args;                          // with scalars bound anew; empty: the plan's
  std::vector<TaskState> tasks;
  std::vector<Link> links;
  std::uint32_t unfinished = 0;
  std::shared_ptr<const Outlook> outlook;  // the plan's when it was admitted
  double area_left = 0;                    // of tasks that were not placed
  double area_undone = 0;                  // of tasks that are not over; where it has a deadline
  Nanos submitted{0}, finished{0};
  Nanos deadline = forever;  // after `submitted`
  bool refuse_late = false;
  std::shared_ptr<Gate> after;  // may be null
  bool admitted = false;
  bool cancelled = false;
  bool complete = false;
  bool touches_first = false;  // scratch of its own that no run has touched yet
  RunState* parent = nullptr;  // the run whose task submitted this one as a sub-graph
  TaskIndex parent_task;       // as the executor sees it
  TaskIndex spawner;           // as the plan has it: another when the parent runs on the host lane
  bool is_access = false;      // a host access rather than kernels
  bool host_only = false;      // a task of the host lane submitted it: nobody looks elsewhere
  bool stands_in = false;  // runs its parent's plan task by task: the host lane could not take it

  // Counted as tasks retire; read once done.
  std::vector<std::uint64_t> tasks_by_device;

  std::unique_ptr<LaneExecution> lane;  // of a run of the host lane; `plan` is then its one task
  std::vector<Arg> lane_args;           // as own_args, of the lane's tasks
  std::shared_ptr<RunState> by_tasks;   // ran in the lane's place
  std::vector<TaskContext> contexts;    // by task; empty when no kernel of the plan asks for one
  Job* completion = nullptr;            // enqueued once it is done; may be null
  std::atomic<bool> cancel_requested{false};  // for kernels to look at
  Status outcome;                             // the first failure; written before `done` is set
  Event done;
};

}  // namespace troika
