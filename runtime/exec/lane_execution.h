// One run of a plan on the host lane.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/exec/host_lane.h"
#include "runtime/exec/lane_plan.h"
#include "runtime/exec/lane_tracing.h"

namespace troika {

class Executor;
struct RunState;

class LaneExecution {
 public:
  // The lane and its tracing outlive every task.
  LaneExecution(std::shared_ptr<PlanState> plan, HostLane& lane, LaneTracing& tracing);

  // The strand, once every buffer lies in the host's hands. `run` stays until the executor has been
  // told, by the message LaneOver, that all tasks are over.
  void start(Executor& executor, RunState& run);
  // Tasks that have not begun are skipped. Any thread.
  void cancel() noexcept;
  // A sub-graph of `task`, whose kernel is running, was submitted, or is over.
  void child_begins(TaskIndex task) noexcept;
  void child_over(TaskIndex task, const Status& outcome);

  // A worker is about to record a burst of it. Of which run, for the trace.
  RunId note_event() noexcept;

  // Once over.
  struct Failure {
    std::uint32_t task;
    Status cause;
    bool of_sub_graph;  // its own call may have succeeded
  };
  const std::vector<Failure>& failures() const noexcept { return failures_; }
  // Tasks that did not run.
  const std::vector<std::uint32_t>& skipped() const noexcept { return skipped_; }
  // Calls that failed, and tasks that a later call saved.
  std::uint32_t attempts_failed() const noexcept {
    return attempts_failed_.load(std::memory_order_relaxed);
  }
  std::uint32_t recovered() const noexcept { return recovered_.load(std::memory_order_relaxed); }
  std::uint32_t events() const noexcept { return events_.load(std::memory_order_relaxed); }

  const std::shared_ptr<PlanState>& plan() const noexcept { return plan_; }
  // Leaves its counts to the plan's next run.
  void put_back();

 private:
  static LaneOutcome run_task(void* state, std::uint32_t task, unsigned worker) noexcept;
  static LaneOutcome run_traced(void* state, std::uint32_t task, unsigned worker) noexcept;
  static void skip_task(void* state, std::uint32_t task) noexcept;
  static void over(void* state) noexcept;
  LaneOutcome call(std::uint32_t task) noexcept;
  LaneOutcome call_resolved(std::uint32_t task, KernelArg* args) noexcept;
  LaneOutcome call_with(std::uint32_t task, std::span<const KernelArg> args) noexcept;
  KernelArg resolved(const Arg& arg) const noexcept;
  // Of a first call that failed, or whose task may have sub-graphs.
  LaneOutcome end_unusual(std::uint32_t task, const HostCall& call, Status&& status) noexcept;
  void note_failure(std::uint32_t task, Status cause, bool of_sub_graph);
  bool failed_before(std::uint32_t task);

  static constexpr std::size_t args_inline = 16;

  const std::shared_ptr<PlanState> plan_;  // the user's: what the lane graph refers to
  HostLane& lane_;
  LaneTracing& tracing_;
  std::unique_ptr<LaneRun> lane_run_;
  // By task, of plans whose kernels may submit sub-graphs: what of it is not over, its call
  // included.
  std::unique_ptr<std::atomic<std::uint32_t>[]> open_;
  std::vector<const Allocation*> homes_;  // by slot
  std::vector<NameId> names_;             // by the plan's operation; empty: single tasks untraced
  std::span<const Arg> args_;
  const LanePlan::Task* tasks_ = nullptr;
  TaskContext* contexts_ = nullptr;  // by task, or none
  Executor* executor_ = nullptr;
  RunState* run_ = nullptr;
  std::atomic<std::uint32_t> attempts_failed_{0}, recovered_{0}, events_{0};
  std::mutex mutex_;  // protects what follows while tasks run
  std::vector<Failure> failures_;
  std::vector<std::uint32_t> skipped_;
};

}  // namespace troika
