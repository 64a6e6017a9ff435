#include "runtime/exec/lane_execution.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/exec/executor.h"

namespace troika {
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
  tasks_ = plan_->lane->tasks.data();
  contexts_ = run.contexts.empty() ? nullptr : run.contexts.data();
  LaneBody body;
  body.state = this;
  body.run = names_.empty() ? run_task : run_traced;
  body.skipped = skip_task;
  body.over = over;
  lane_.start(*lane_run_, body);
}

void LaneExecution::cancel() noexcept { lane_run_->cancel(); }

LaneOutcome LaneExecution::run_task(void* state, std::uint32_t task, unsigned /*worker*/) noexcept {
  return static_cast<LaneExecution*>(state)->call(task);
}

LaneOutcome LaneExecution::run_traced(void* state, std::uint32_t task, unsigned worker) noexcept {
  auto* self = static_cast<LaneExecution*>(state);
  // Before the call: where sub-graphs go on, the run may be over as soon as it has returned.
  LaneTracing& tracing = self->tracing_;
  const TaskRecord record{tracing.beginning(worker),
                          {},
                          self->run_->id,
                          self->names_[self->plan_->graph->task(TaskIndex{task}).operation],
                          TaskIndex{task}};
  const LaneOutcome outcome = self->call(task);
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
  const std::size_t count = tasks_[index].arg_count;
  if (count == 0) return call_with(index, {});
  if (count > args_inline) [[unlikely]] {
    std::vector<KernelArg> many(count);
    return call_resolved(index, many.data());
  }
  // Not initialised: most tasks have few arguments, and each is made before it is read.
  alignas(KernelArg) std::byte few[args_inline * sizeof(KernelArg)];
  return call_resolved(index, reinterpret_cast<KernelArg*>(few));
}

LaneOutcome LaneExecution::call_resolved(std::uint32_t index, KernelArg* args) noexcept {
  const LanePlan::Task& task = tasks_[index];
  for (std::uint32_t i = 0; i < task.arg_count; ++i)
    std::construct_at(args + i, resolved(args_[task.first_arg + i]));
  return call_with(index, {args, task.arg_count});
}

// As call_user(), without a Status for a call that succeeds: most do, and have nothing else to do.
inline LaneOutcome LaneExecution::call_with(std::uint32_t index,
                                            std::span<const KernelArg> args) noexcept {
  const KernelImage& image = *tasks_[index].image;
  const HostCall call{args, contexts_ == nullptr ? nullptr : contexts_ + index};
  if (open_) open_[index].store(1, std::memory_order_relaxed);
  try {
    image.function.call(image.function.state.get(), call);
  } catch (...) {
    return end_unusual(index, call, thrown_by(image.operation));
  }
  return open_ ? end_unusual(index, call, Status{}) : LaneOutcome::done;
}

KernelArg LaneExecution::resolved(const Arg& arg) const noexcept {
  KernelArg result;
  const Region& region = arg.region;
  if (arg.is_buffer)
    result.span = {homes_[arg.slot], region.offset, region.row_bytes, region.rows, region.pitch};
  else result.scalar = arg.scalar;
  return result;
}

LaneOutcome LaneExecution::end_unusual(std::uint32_t index, const HostCall& call,
                                       Status&& status) noexcept {
  const LanePlan::Task& task = tasks_[index];
  for (unsigned failures = 0; !status.ok();) {
    attempts_failed_.fetch_add(1, std::memory_order_relaxed);
    if (failures == task.retries) break;
    failures += 1;
    status = call_user(task.image->operation, task.image->function, call);
    if (status.ok()) recovered_.fetch_add(1, std::memory_order_relaxed);
  }
  const bool failed = !status.ok();
  if (failed) note_failure(index, std::move(status), false);
  // Sub-graphs that go on are waited for, whatever became of the call.
  if (open_ && open_[index].fetch_sub(1, std::memory_order_acq_rel) != 1) return LaneOutcome::later;
  return failed || (open_ && failed_before(index)) ? LaneOutcome::failed : LaneOutcome::done;
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
