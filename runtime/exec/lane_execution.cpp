#include "runtime/exec/lane_execution.h"

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
  const Nanos begin = tracing_.now();
  const LaneOutcome outcome = call(task);
  tracing_.record_task(worker, note_event(), TaskIndex{task}, names_[plan_->tasks[task].operation],
                       begin);
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
  const HostCall call{{args, task.arg_count}, nullptr};
  Status status;
  for (unsigned attempt = 0;; ++attempt) {
    status = call_user(plan_->graph->task(TaskIndex{index}).operation->name, *task.function, call);
    if (status.ok()) {
      if (attempt != 0) recovered_.fetch_add(1, std::memory_order_relaxed);
      break;
    }
    attempts_failed_.fetch_add(1, std::memory_order_relaxed);
    if (attempt == task.retries) break;
  }
  current_lane = outer;
  if (status.ok()) return LaneOutcome::done;
  const std::scoped_lock lock{mutex_};
  failures_.push_back({index, std::move(status)});
  return LaneOutcome::failed;
}

}  // namespace troika
