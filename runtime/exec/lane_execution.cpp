#include "runtime/exec/lane_execution.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/exec/executor.h"

namespace troika {
namespace {

thread_local HostLane* current_lane = nullptr;

}  // namespace

HostLane* lane_of_this_thread() noexcept { return current_lane; }

LaneExecution::LaneExecution(std::shared_ptr<PlanState> plan, HostLane& lane, LaneTracing& tracing)
    : plan_{std::move(plan)}, lane_{lane}, tracing_{tracing} {
  LanePlan::Idle& idle = *plan_->lane->idle;
  const std::scoped_lock lock{idle.mutex};
  if (idle.runs.empty()) {
    lane_run_ = std::make_unique<LaneRun>(plan_->lane->graph);
    return;
  }
  lane_run_ = std::move(idle.runs.back());
  idle.runs.pop_back();
}

void LaneExecution::put_back() {
  LanePlan::Idle& idle = *plan_->lane->idle;
  const std::scoped_lock lock{idle.mutex};
  idle.runs.push_back(std::move(lane_run_));
}

void LaneExecution::start(Executor& executor, RunState& run) {
  executor_ = &executor;
  run_ = &run;
  homes_.clear();
  for (const auto& buffer : run.buffers) homes_.push_back(buffer->home(host_space)->root.get());
  args_ = run.lane_args.empty() ? plan_->graph->all_args() : std::span<const Arg>{run.lane_args};
  if (tracing_.full())
    for (const PlanState::OperationOn& on : plan_->operations)
      names_.push_back(tracing_.intern(on.operation->name));
  if (plan_->spawns) open_ = std::make_unique<std::atomic<std::uint32_t>[]>(plan_->graph->size());
  LaneBody body;
  body.state = this;
  body.run = run_task;
  body.skipped = skip_task;
  body.over = over;
  lane_.start(*lane_run_, body);
}

void LaneExecution::cancel() noexcept { lane_run_->cancel(); }

LaneOutcome LaneExecution::run_task(void* state, std::uint32_t task, unsigned worker) noexcept {
  auto* self = static_cast<LaneExecution*>(state);
  return self->names_.empty() ? self->call(task) : self->call_traced(task, worker);
}

LaneOutcome LaneExecution::call_traced(std::uint32_t task, unsigned worker) noexcept {
  // Before the call: where sub-graphs go on, the run may be over as soon as it has returned.
  LaneTracing& tracing = tracing_;
  const TaskRecord record{tracing.beginning(worker),
                          {},
                          run_->id,
                          names_[plan_->tasks[task].operation],
                          TaskIndex{task}};
  const LaneOutcome outcome = call(task);
  tracing.record_task(worker, record);
  return outcome;
}

void LaneExecution::skip_task(void* state, std::uint32_t task) noexcept {
  auto* self = static_cast<LaneExecution*>(state);
  const std::scoped_lock lock{self->mutex_};
  self->skipped_.push_back(task);
}

RunId LaneExecution::note_event() noexcept {
  events_.fetch_add(1, std::memory_order_relaxed);
  return run_->id;
}

void LaneExecution::over(void* state) noexcept {
  auto* self = static_cast<LaneExecution*>(state);
  self->executor_->post(LaneOver{self->run_->shared_from_this()});
}

LaneOutcome LaneExecution::call(std::uint32_t index) noexcept {
  const LanePlan::Task& task = plan_->lane->tasks[index];
  std::array<KernelArg, args_inline> few;
  std::vector<KernelArg> many;
  if (task.arg_count > args_inline) many.resize(task.arg_count);
  KernelArg* args = many.empty() ? few.data() : many.data();
  for (std::uint32_t i = 0; i < task.arg_count; ++i) {
    const Arg& arg = args_[task.first_arg + i];
    if (arg.is_buffer) {
      const Region& region = arg.region;
      args[i].span = {homes_[arg.slot], region.offset, region.row_bytes, region.rows, region.pitch};
    } else {
      args[i].scalar = arg.scalar;
    }
  }
  HostLane* const outer = std::exchange(current_lane, &lane_);
  if (open_) open_[index].store(1, std::memory_order_relaxed);
  Status status = attempt(index, task, {args, task.arg_count});
  current_lane = outer;
  const bool failed = !status.ok();
  if (failed) note_failure(index, std::move(status), false);
  // Sub-graphs that go on are waited for, whatever became of the call.
  if (open_ && open_[index].fetch_sub(1, std::memory_order_acq_rel) != 1) return LaneOutcome::later;
  return failed || (open_ && failed_before(index)) ? LaneOutcome::failed : LaneOutcome::done;
}

Status LaneExecution::attempt(std::uint32_t index, const LanePlan::Task& task,
                              std::span<KernelArg> args) {
  const HostCall call{args, run_->contexts.empty() ? nullptr : &run_->contexts[index]};
  for (unsigned attempt = 0;; ++attempt) {
    Status status =
        call_user(plan_->graph->task(TaskIndex{index}).operation->name, *task.function, call);
    if (status.ok()) {
      if (attempt != 0) recovered_.fetch_add(1, std::memory_order_relaxed);
      return status;
    }
    attempts_failed_.fetch_add(1, std::memory_order_relaxed);
    if (attempt == task.retries) return status;
  }
}

void LaneExecution::child_begins(TaskIndex task) noexcept {
  open_[task.value].fetch_add(1, std::memory_order_relaxed);
}

void LaneExecution::child_over(TaskIndex task, const Status& outcome) {
  if (!outcome.ok()) note_failure(task.value, outcome, true);
  if (open_[task.value].fetch_sub(1, std::memory_order_acq_rel) == 1)
    lane_.complete(*lane_run_, task.value, failed_before(task.value));
}

// One cause a task: the first.
void LaneExecution::note_failure(std::uint32_t task, Status cause, bool of_sub_graph) {
  const std::scoped_lock lock{mutex_};
  if (std::any_of(failures_.begin(), failures_.end(),
                  [&](const Failure& failure) { return failure.task == task; }))
    return;
  failures_.push_back({task, std::move(cause), of_sub_graph});
}

bool LaneExecution::failed_before(std::uint32_t task) {
  const std::scoped_lock lock{mutex_};
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](const Failure& failure) { return failure.task == task; });
}

}  // namespace troika
