// Ordering runs against one another, and tasks from waiting to ready.
#include <algorithm>

#include "runtime/exec/executor.h"
#include "runtime/exec/view.h"

namespace troika {

void Executor::accept(std::shared_ptr<RunState> run) {
  run->submitted = now_;
  if (run->parent != nullptr) run->parent->tasks[run->parent_task.value].children += 1;
  if (stopping_) {
    run->outcome = {Code::unavailable, "the runtime is shutting down"};
    run->finished = now_;
    run->complete = true;
    completed_.push_back(std::move(run));
    return;
  }
  if (const Status refused = promise(*run); !refused.ok()) {
    run->outcome = refused;
    run->finished = now_;
    run->complete = true;
    if (run->parent != nullptr) child_over(*run);
    completed_.push_back(std::move(run));
    return;
  }
  RunState& waiting = *run;
  waiting_runs_.push_back(std::move(run));
  if (waiting.parent != nullptr && waiting.parent->tasks[waiting.parent_task.value].spoiled)
    cancel_now(waiting);
}

// Takes note of a run's deadline, or says that it cannot be met.
Status Executor::promise(RunState& run) {
  if (run.parent != nullptr && run.parent->deadline != forever)
    run.deadline =
        std::min(run.deadline, run.parent->submitted + run.parent->deadline - run.submitted);
  if (run.deadline == forever) return {};
  if (run.refuse_late) {
    const auto due = [](const RunState& of) {
      const auto& outlook = of.plan->outlook;
      const double whole = outlook ? outlook->area_nanos : 0;
      return Due{of.submitted + of.deadline, of.admitted ? std::max(0.0, of.area_undone) : whole};
    };
    std::vector<Due> promised;
    for (const RunState* const each : promised_) promised.push_back(due(*each));
    const std::vector<Nanos>& paths = run.plan->ranks;
    const Nanos longest = paths.empty() ? Nanos{0} : *std::max_element(paths.begin(), paths.end());
    if (!deadlines_.admits(promised, due(run), longest, now_))
      return {Code::exhausted, "refused: of its " + std::to_string(to_seconds(run.deadline) * 1e3) +
                                   " ms its longest path takes " +
                                   std::to_string(to_seconds(longest) * 1e3) + " ms, and " +
                                   std::to_string(promised.size()) +
                                   " runs with deadlines are under way"};
  }
  promised_.push_back(&run);
  return {};
}

// It is over, or was cancelled before it began.
void Executor::end_promise(const RunState& run) {
  if (std::erase(promised_, &run) != 0 && run.refuse_late && run.outcome.ok())
    deadlines_.observe(run.finished - run.submitted > run.deadline);
}

// In the order of submission, except that a run without a slot does not hold up those that touch
// nothing of it.
bool Executor::admit_waiting() {
  bool progress = false;
  for (std::size_t i = 0; i < waiting_runs_.size();) {
    RunState& run = *waiting_runs_[i];
    if (!may_admit(run, i)) {
      ++i;
      continue;
    }
    const std::shared_ptr<RunState> admitted = waiting_runs_[i];
    waiting_runs_.erase(waiting_runs_.begin() + static_cast<std::ptrdiff_t>(i));
    if (free_run_slots_.empty()) {
      free_run_slots_.push_back(static_cast<std::uint32_t>(runs_.size()));
      runs_.emplace_back();
    }
    admitted->slot = free_run_slots_.back();
    free_run_slots_.pop_back();
    runs_[admitted->slot] = admitted;
    admit(*admitted);
    progress = true;
  }
  return progress;
}

bool Executor::may_admit(const RunState& run, std::size_t position) const {
  if (run.after && !run.after->is_open()) return false;
  if (!run.stands_in && run.plan->counts_in->active_runs >= run.plan->run_slots) return false;
  const auto touches = [](const RunState& other, const BufferState* buffer) {
    return std::any_of(other.buffers.begin(), other.buffers.end(),
                       [&](const auto& b) { return b.get() == buffer; });
  };
  for (std::size_t i = 0; i < position; ++i) {
    // Nobody's waiting may hold up a sub-graph, for which a task is held up already.
    if (run.parent != nullptr && !are_siblings(*waiting_runs_[i], run)) continue;
    for (const auto& buffer : run.buffers)
      if (buffer && touches(*waiting_runs_[i], buffer.get())) return false;
  }
  return true;
}

void Executor::admit(RunState& run) {
  const TaskGraph& graph = *run.plan->graph;
  run.admitted = true;
  if (tracing_.on()) tracing_.runs().admitted(run);
  if (!run.stands_in) run.plan->counts_in->active_runs += 1;
  take_outlook(run);
  run.unfinished = static_cast<std::uint32_t>(graph.size());
  run.tasks_by_device.assign(devices_.size(), 0);
  run.tasks.assign(graph.size(), TaskState{});
  bind_scratch(run);
  for (const auto& buffer : run.buffers) {
    buffer->users += 1;
    watch(buffer);
  }
  for (std::size_t slot = 0; slot < run.buffers.size(); ++slot) {
    if (run.buffers[slot]->coherence.takes(graph.slot_pitch()[slot])) continue;
    run.outcome = {Code::unsupported,
                   "buffer " + std::to_string(run.buffers[slot]->id.value) +
                       " is divided in rows of another pitch than this graph's " +
                       std::to_string(graph.slot_pitch()[slot]) + " bytes"};
    return cancel_now(run);
  }
  refine(run);
  for (std::uint32_t i = 0; i < graph.size(); ++i)
    run.tasks[i].remaining = graph.task(TaskIndex{i}).predecessors;

  // A sub-graph runs within its parent's task, which holds what it touches: it is ordered against
  // the task's other sub-graphs only.
  const auto pitched = [&](const TaskGraph::Boundary& b) {
    return widened(b.region, graph.slot_pitch()[b.slot]);
  };
  for (const TaskGraph::Boundary& entry : graph.entries()) {
    const Region region = pitched(entry);
    for (const BufferState::Live& live : run.buffers[entry.slot]->live) {
      if (run.parent != nullptr && !are_siblings(*live.run, run)) continue;
      if (live.run->tasks[live.task.value].stage == TaskState::Stage::over) continue;
      if (!writes(entry.access) && !writes(live.access)) continue;
      if (overlap(live.region, region)) link(*live.run, live.task, run, entry.task);
    }
  }
  for (const TaskGraph::Boundary& exit : graph.exits())
    run.buffers[exit.slot]->live.push_back({&run, exit.task, exit.access, pitched(exit)});

  for (std::uint32_t i = 0; i < graph.size(); ++i) {
    // Earlier entries may have failed and taken others with them.
    if (run.tasks[i].stage == TaskState::Stage::waiting) consider(run, TaskIndex{i});
  }
  if (graph.size() == 0) complete(run);
}

// No view of the plan divides a cell of its buffers, and cells are never joined again.
void Executor::refine(RunState& run) {
  const TaskGraph& graph = *run.plan->graph;
  std::vector<BufferId>& refined = run.plan->refined;
  refined.resize(run.buffers.size());
  std::vector<std::vector<Region>> regions(run.buffers.size());
  for (std::uint32_t i = 0; i < graph.size(); ++i)
    for (const Arg& arg : graph.args(TaskIndex{i}))
      if (arg.is_buffer &&
          (!run.buffers[arg.slot]->id || refined[arg.slot] != run.buffers[arg.slot]->id))
        regions[arg.slot].push_back(arg.region);
  for (std::size_t slot = 0; slot < run.buffers.size(); ++slot) {
    if (!regions[slot].empty()) run.buffers[slot]->coherence.refine(regions[slot]);
    refined[slot] = run.buffers[slot]->id;
  }
}

bool Executor::are_siblings(const RunState& a, const RunState& b) {
  return a.parent == b.parent && a.parent_task == b.parent_task;
}

void Executor::bind_scratch(RunState& run) {
  const TaskGraph& graph = *run.plan->graph;
  std::vector<std::shared_ptr<BufferState>> mine;
  if (!run.plan->counts_in->idle_scratch.empty()) {
    mine = std::move(run.plan->counts_in->idle_scratch.back());
    run.plan->counts_in->idle_scratch.pop_back();
  }
  std::size_t next = 0;
  for (std::size_t slot = 0; slot < graph.slots().size(); ++slot) {
    if (graph.slots()[slot].buffer) continue;
    if (next == mine.size()) {
      mine.push_back(std::make_shared<BufferState>(BufferId{}, graph.slots()[slot].bytes));
      run.touches_first = true;
    }
    run.buffers[slot] = mine[next++];
  }
  run.scratch = std::move(mine);
}

void Executor::link(RunState& earlier, TaskIndex from, RunState& later, TaskIndex to) {
  TaskState& source = earlier.tasks[from.value];
  earlier.links.push_back({later.shared_from_this(), to, source.first_link});
  source.first_link = static_cast<std::uint32_t>(earlier.links.size() - 1);
  TaskState& target = later.tasks[to.value];
  target.remaining += 1;
  if (source.stage != TaskState::Stage::issued || source.holds_followers || source.doomed) return;
  if (target.in_flight == 0) {
    target.flight_lane = source.lane;
    target.mixed = false;
  } else if (target.flight_lane != source.lane) {
    target.mixed = true;
  }
  target.in_flight += 1;
}

ReadyTask Executor::ready_task(const RunState& run, TaskIndex task) const {
  const TaskState& state = run.tasks[task.value];
  const PlanState::Kind& kind = run.plan->kind(task);
  const TaskOptions& options = run.plan->graph->options(task);
  ReadyTask ready;
  ready.key = {run.slot, task.value};
  ready.cost = kind.cost;
  ready.priority = options.priority;
  ready.tenant = options.tenant;
  ready.bound = state.bound;
  const Nanos limit = std::min(options.deadline, run.deadline);
  ready.deadline = limit == forever ? forever : run.submitted + limit;
  ready.rank = run.plan->ranks[task.value];
  ready.age = state.age;
  ready.able = able_now(run, task);
  if (state.assigned) {
    ready.assigned = state.assigned;
    ready.able = bit(state.assigned);
    ready.rank = run.outlook->assigned.rank(task);
  }
  ready.memo = kind.memo;
  ready.touches_first = run.touches_first;
  return ready;
}

DeviceMask Executor::able_now(const RunState& run, TaskIndex task) const {
  const TaskState& state = run.tasks[task.value];
  DeviceMask able = run.plan->kind(task).able & ~state.unfit & open_devices() & ~away_devices();
  if (run.host_only) able &= bit(DeviceId{0});
  // Where it failed before it goes only when there is nowhere else.
  return (able & ~state.tried) != 0 ? able & ~state.tried : able;
}

bool Executor::may_go_to(const RunState& run, TaskIndex task, DeviceId device) const {
  const DeviceId assigned = assigned_to(run, task);
  return assigned ? assigned == device : (able_now(run, task) & bit(device)) != 0;
}

// Waiting: whether it can be ready now, and for which lanes. Ready already: whether it still is.
void Executor::consider(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  const bool free = state.remaining == 0;
  const bool follows = !free && state.remaining == state.in_flight && !state.mixed &&
                       lane(state.flight_lane).open && !run.is_access &&
                       may_go_to(run, task, lane(state.flight_lane).device);
  const LaneId bound = follows ? state.flight_lane : LaneId{};
  switch (state.stage) {
    case TaskState::Stage::waiting:
      if (!free && !follows) return;
      state.bound = bound;
      make_ready(run, task);
      return;
    case TaskState::Stage::ready:
      if ((free || follows) && state.bound == bound) return;
      withdraw(run, task);
      if (!free && !follows) return;
      state.bound = bound;
      make_ready(run, task);
      return;
    case TaskState::Stage::placed:
      if (free || follows) return;
      take_back(lane(state.lane), run, task);
      return;
    default: return;
  }
}

void Executor::make_ready(RunState& run, TaskIndex task) {
  TaskState& state = run.tasks[task.value];
  state.stage = TaskState::Stage::ready;
  count_area(run, task, false);
  if (run.is_access) {
    accesses_.push_back({&run, task});
    return;
  }
  if (able_now(run, task) == 0) {
    const bool room = state.unfit == 0;
    give_up(run, task,
            room ? Status{Code::unavailable, "no able device is left"} : fits_nowhere(run, task));
    return;
  }
  if (state.age == 0) {
    state.age = ++ages_;
    state.ready_at = now_;
  }
  state.assigned = assigned_to(run, task);
  const ReadyTask ready = ready_task(run, task);
  insert_ready(ready);
  policy_->on_ready(ready, (view_->refresh(), *view_));
}

// What is late, or cannot go where it should, is decided anew; and so is what has to be over in
// time whatever else there is to do, for which no plan was made.
DeviceId Executor::assigned_to(const RunState& run, TaskIndex task) const {
  if (run.outlook == nullptr || run.outlook->assigned.empty() || run.deadline != forever) return {};
  const Assignment& plan = run.outlook->assigned;
  const DeviceId device = plan.device[task.value];
  const bool able = (able_now(run, task) & bit(device)) != 0;
  return able && now_ - run.submitted <= plan.latest(task) ? device : DeviceId{};
}

void Executor::insert_ready(const ReadyTask& task) {
  if (task.bound) return lane(task.bound).bound.insert(task);
  const ReadySetId at = set_of(task, devices_.size());
  ReadySet& set = ready_[at.value];
  if (set.empty())
    ready_sets_.insert(std::upper_bound(ready_sets_.begin(), ready_sets_.end(), at), at);
  set.insert(task);
}

bool Executor::erase_ready(const ReadyTask& task) {
  if (task.bound) return lane(task.bound).bound.erase(task);
  const ReadySetId at = set_of(task, devices_.size());
  ReadySet& set = ready_[at.value];
  if (!set.erase(task)) return false;
  if (set.empty()) std::erase(ready_sets_, at);
  return true;
}

// Out of the ready set; the policy chose it.
void Executor::unready(RunState& run, TaskIndex task) {
  erase_ready(ready_task(run, task));
  run.tasks[task.value].stage = TaskState::Stage::waiting;
}

// Out of the ready set, although the policy did not choose it.
void Executor::withdraw(RunState& run, TaskIndex task) {
  if (run.is_access) {
    std::erase_if(accesses_, [&](const Placed& p) { return p.run == &run && p.task == task; });
  } else {
    const ReadyTask ready = ready_task(run, task);
    if (erase_ready(ready)) policy_->on_withdrawn(ready);
  }
  run.tasks[task.value].stage = TaskState::Stage::waiting;
}

// How long the run took, for the plan's choice between the host lane and its tasks one by one.
void Executor::note_way(const RunState& run) {
  const PlanState& plan = *run.plan->counts_in;
  if (plan.lane_use.load() != PlanState::LaneUse::as_found || run.stands_in || run.touches_first ||
      !run.outcome.ok())
    return;
  plan.lane_choice.observe(run.lane ? LaneChoice::Way::lane : LaneChoice::Way::tasks,
                           run.finished - run.submitted);
}

void Executor::complete(RunState& run) {
  for (const auto& buffer : run.buffers) {
    if (!buffer) continue;
    std::erase_if(buffer->live, [&](const BufferState::Live& l) { return l.run == &run; });
    buffer->users -= 1;
  }
  for (const auto& buffer : run.scratch) buffer->coherence.forget_contents();
  if (!run.scratch.empty()) run.plan->counts_in->idle_scratch.push_back(std::move(run.scratch));
  run.scratch.clear();
  run.links.clear();
  run.complete = true;
  if (!run.stands_in) run.plan->counts_in->active_runs -= 1;
  area_left_ = std::max(0.0, area_left_ - run.area_left);
  if (run.outlook) outlooks_under_way_ -= 1;
  run.finished = now_;
  end_promise(run);
  note_way(run);
  note_outlook(run);
  if (tracing_.on()) tracing_.runs().over(run);
  const std::shared_ptr<RunState> kept = runs_[run.slot];
  runs_[run.slot] = nullptr;
  free_run_slots_.push_back(run.slot);
  completed_.push_back(kept);
  if (run.parent != nullptr) child_over(run);
}

void Executor::watch(const std::shared_ptr<BufferState>& buffer) {
  if (buffer->watched) return;
  buffer->watched = true;
  buffers_.push_back(buffer);
  store_.track(*buffer);
}

}  // namespace troika
