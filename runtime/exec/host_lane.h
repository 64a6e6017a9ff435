// Runs graphs of host tasks on a pool of workers at tens of nanoseconds a task, without the strand.
//
// Each worker owns a deque per priority class and steals from the others when its own are empty. A
// worker that finds no work leaves the lane: its ticket ends and the pool's thread is free. Work
// that appears invites the absent by new tickets, one per piece of work, never more than there are
// workers. So an idle lane costs nothing.
//
//   LaneGraph graph = ...;             // once
//   LaneRun run{graph};                // once, or a few of them for runs that overlap
//   lane.start(run, {.state = &plan, .run = run_task, .over = finished});
//
// A host task may have to wait for something outside (a device's task, a sub-graph): its body
// returns LaneOutcome::later and whoever knows it is over calls complete().
#pragma once

#include <memory>

#include "runtime/base/environment.h"
#include "runtime/base/time.h"
#include "runtime/device/worker_pool.h"
#include "runtime/exec/host_lane_mail.h"
#include "runtime/exec/host_lane_run.h"
#include "runtime/exec/host_lane_word.h"

namespace troika {

class LaneWorker;

// Tasks of one run that one worker ran one after another.
struct LaneBurst {
  void* run_state;  // LaneBody::state
  unsigned worker;
  std::uint32_t first_task, last_task;
  std::uint32_t count;  // skipped tasks included
  Nanos begin, end;
};

// Told of every burst before its run can be over; called on workers, several at once.
struct LaneRecorder {
  void* state = nullptr;
  Nanos (*now)(void* state) noexcept = nullptr;
  void (*record)(void* state, const LaneBurst& burst) noexcept = nullptr;
};

struct HostLaneOptions {
  // Times a worker looks around in vain before it leaves, yielding the processor in between.
  unsigned idle_rounds = 32;
  // Tasks a chain of successors may run before its worker's step() returns.
  unsigned step_tasks = 1024;
  LaneRecorder recorder;  // none: no bursts are recorded and no clock is read
};

// What one step of a worker did.
enum class LaneStep : std::uint8_t {
  ran,      // tasks
  took,     // a task or range from its own deques
  stole,    // one from another worker
  sought,   // looked at one place and took nothing
  posted,   // distributed completions from the mailbox
  left,     // is no longer present; looks once more
  resumed,  // found work after all
  gone,     // the ticket is over
  yielded,  // to another job; a ticket behind that job is in the pool
};

class HostLane final : public Job {
 public:
  // Has as many workers as the pool; the pool outlives it.
  explicit HostLane(WorkerPool& pool, HostLaneOptions options = {});
  // Waits until every ticket is over.
  ~HostLane();
  HostLane(const HostLane&) = delete;
  HostLane& operator=(const HostLane&) = delete;

  // Once, when no run is busy and none will be started: the event is set when every ticket is over,
  // so that whoever must not block a thread can wait for it in its own way before destroying.
  Event& close() noexcept;

  // Any thread. The run is not busy; it and its graph stay until body.over.
  void start(LaneRun& run, const LaneBody& body) noexcept;

  // Any thread, once for each time the body of `task` returned, or is about to return,
  // LaneOutcome::later.
  void complete(LaneRun& run, std::uint32_t task, bool failed) noexcept;

  // Any thread, after it enqueued another job in the pool: the next worker that is between two
  // tasks goes behind that job. Nothing when no worker is present.
  void make_way() noexcept { word_.want(); }

  // On a worker inside a task's body, around a wait for something else (or by whoever gives up a
  // body that never returns; then the lane cannot be destroyed): meanwhile the worker is not
  // counted, so that a thread the pool may supply finds work. Its deques stay open to thieves.
  void begin_block() noexcept;
  void end_block() noexcept { word_.return_from_block(); }

  // Job.
  void run(unsigned worker) noexcept override;
  bool takes_deferred() const noexcept override { return true; }

  // What run() is made of, for drivers that choose the order of all workers' steps: enter, then
  // step until `gone` or `yielded`. One thread at a time for each worker.
  void enter(unsigned worker) noexcept;
  LaneStep step(unsigned worker) noexcept;
  const LaneWorker& worker(unsigned worker) const noexcept;

  // The lane whose tasks the calling thread is running; null outside one.
  static HostLane* of_this_thread() noexcept;

  // Workers present and tickets underway.
  unsigned present() const noexcept { return word_.peek().present(); }

 private:
  friend class LaneWorker;

  void post(LaneRun& run, std::uint32_t link) noexcept;
  void invite(LaneWordView seen, unsigned pieces) noexcept;
  // Slots from this number on have never been used.
  unsigned slots_used() const noexcept { return slots_used_.load(std::memory_order_seq_cst); }
  // Whether anything of these classes that was published before is in a deque.
  bool has_items(std::uint64_t classes) const noexcept;

  WorkerPool& pool_;
  const HostLaneOptions options_;
  const unsigned workers_max_;  // present at once
  std::unique_ptr<LaneWorker[]> workers_;
  bool closing_ = false;
  Event closed_;

  std::atomic<unsigned> slots_used_{1};
  alignas(64) LaneWord<> word_;
  alignas(64) LaneMailbox<LaneRun> mailbox_;
};

}  // namespace troika
