#include "runtime/exec/core.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/exec/fork.h"
#include "runtime/exec/graveyard.h"
#include "runtime/exec/lane_execution.h"

namespace troika {
namespace {

// Set while the calling worker's place is lent, so that it may wait.
thread_local bool place_is_lent = false;

// Operations without an implementation: the executor serves them itself.
std::string_view access_operation(Access mode) noexcept {
  switch (mode) {
    case Access::read: return "troika.host_read";
    case Access::write: return "troika.host_write";
    default: return "troika.host_update";
  }
}

}  // namespace

Result<std::shared_ptr<RuntimeCore>> RuntimeCore::create(RuntimeParts parts,
                                                         std::string_view policy,
                                                         std::uint64_t seed,
                                                         ExecutorOptions options,
                                                         std::vector<std::string> only) {
  std::shared_ptr<RuntimeCore> core{new RuntimeCore};
  core->parts_ = std::move(parts);
  core->devices_ = std::make_unique<DeviceTable>();
  core->generation_ = fork_generation();
  core->define_accesses();
  std::vector<std::unique_ptr<Device>> opened = std::move(core->parts_.devices);
  if (opened.empty() || opened.front()->info().space != host_space)
    return Status{Code::unavailable, "no device of the host's memory was opened"};
  if (opened.size() > devices_max)
    return Status{Code::exhausted, std::to_string(opened.size()) + " devices were opened; " +
                                       std::to_string(devices_max) + " are the most"};
  for (auto& device : opened) {
    core->devices_->put(std::move(device));
    core->devices_->publish();
  }
  const auto devices = core->devices();
  for (const std::string& name : only)
    if (std::none_of(devices.begin(), devices.end(), [&](const auto& device) {
          return device->info().is_among({&name, 1});
        }))
      return Status{Code::not_found, "no device is called '" + name + "'"};
  for (std::uint32_t d = 0; d < devices.size(); ++d)
    if (only.empty() || devices[d]->info().is_among(only)) core->allowed_ |= bit(DeviceId{d});
  TROIKA_ASSIGN(auto chosen, make_policy(policy, seed));
  if (core->parts_.policy != nullptr) chosen = std::move(core->parts_.policy);
  core->policy_ = policy;
  core->leaves_to_host_lane_ = chosen->leaves_to_host_lane();
  core->seed_ = seed;
  options.workers = core->parts_.workers;
  core->executor_ = std::make_unique<Executor>(*core->parts_.environment, *core->devices_,
                                               std::move(chosen), options);
  for (std::size_t d = 0; d < devices.size(); ++d) TROIKA_TRY(core->executor_->add_device());
  TROIKA_TRY(core->executor_->start());
  if (SharedPool* shared = core->parts_.shared) {
    core->lane_tracing_ =
        std::make_unique<LaneTracing>(core->executor_->trace(), *core->parts_.environment,
                                      devices.front()->info().name, shared->slots());
    HostLaneOptions lane = core->parts_.lane;
    lane.recorder = core->lane_tracing_->recorder();
    core->host_lane_ = std::make_unique<HostLane>(shared->inner(), lane);
    shared->set_lane(core->host_lane_.get());
  }
  return core;
}

void RuntimeCore::define_accesses() {
  for (const Access mode : {Access::read, Access::write, Access::update}) {
    Operation operation;
    operation.name = access_operation(mode);
    operation.params = {{true, Type::u8, mode}};
    // A fresh registry refuses none of them.
    [[maybe_unused]] const Status defined = kernels_.define(std::move(operation));
  }
  Operation lane;
  lane.name = "troika.host_lane";
  [[maybe_unused]] const Status defined = kernels_.define(std::move(lane));
}

bool RuntimeCore::is_access(const Operation& operation) const noexcept {
  return operation.images.empty() && operation.name.starts_with("troika.host_");
}

RuntimeCore::~RuntimeCore() {
  if (fork_generation() != generation_) {
    // In a forked child none of the threads exist that these would wait for.
    bury(std::make_unique<RuntimeParts>(std::move(parts_)));
    bury(std::move(devices_));
    bury(std::move(host_lane_));
    bury(std::move(lane_tracing_));
    bury(std::move(executor_));
    for (auto& [key, loaded] : loaded_) bury(std::move(loaded.kernel));
    return;
  }
  shut_down();
  if (executor_ == nullptr) return;
  for (auto& [key, loaded] : loaded_)
    if ((executor_->hung_devices() & bit(DeviceId{key.second})) != 0)
      bury(std::move(loaded.kernel));
}

void RuntimeCore::shut_down() noexcept {
  if (closed_.exchange(true)) return;
  if (fork_generation() != generation_ || executor_ == nullptr) return;
  std::vector<std::shared_ptr<RunState>> runs;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& weak : live_runs_)
      if (auto run = weak.lock()) runs.push_back(std::move(run));
  }
  for (const auto& run : runs) executor_->cancel(run);
  for (const auto& run : runs) parts_.environment->wait(run->done, forever);
  const std::scoped_lock nobody_adds{adding_};
  executor_->stop();
  // A worker that told of the last run's end may still be on the strand.
  if (host_lane_ == nullptr) return;
  parts_.shared->set_lane(nullptr);
  parts_.environment->wait(host_lane_->close(), forever);
  host_lane_.reset();
}

Status RuntimeCore::usable() const {
  if (fork_generation() != generation_)
    return {Code::unavailable, "forked: this runtime belongs to the parent process"};
  if (closed_.load()) return {Code::unavailable, "the runtime is gone"};
  return {};
}

Result<std::shared_ptr<BufferState>> RuntimeCore::create_buffer(std::size_t bytes) {
  TROIKA_TRY(usable());
  if (bytes == 0) return Status{Code::invalid_argument, "a buffer has at least one byte"};
  const std::scoped_lock lock{mutex_};
  auto buffer = std::make_shared<BufferState>(BufferId{next_buffer_++}, bytes);
  buffers_[buffer->id.value] = buffer;
  return buffer;
}

Result<std::shared_ptr<BufferState>> RuntimeCore::adopt(std::span<std::byte> host) {
  TROIKA_TRY(usable());
  if (host.empty()) return Status{Code::invalid_argument, "an adopted span has at least one byte"};
  const std::byte* begin = host.data();
  const std::byte* end = begin + host.size();
  const std::scoped_lock lock{mutex_};
  auto after = adopted_.lower_bound(end);
  if (after != adopted_.begin() && std::prev(after)->second > begin)
    return Status{Code::invalid_argument,
                  "overlapping adoption: " + std::to_string(host.size()) +
                      " bytes overlap memory that was adopted before and not released"};
  TROIKA_ASSIGN(auto root, devices().front()->memory().adopt(host));
  auto buffer = std::make_shared<BufferState>(BufferId{next_buffer_++}, host.size());
  buffer->adopted = begin;
  buffer->coherence.set_initial(host_space);
  BufferState::Home home;
  home.space = host_space;
  home.owner = DeviceId{0};
  home.root = std::move(root);
  buffer->homes.push_back(std::move(home));
  adopted_[begin] = end;
  buffers_[buffer->id.value] = buffer;
  return buffer;
}

void RuntimeCore::release_buffer(std::shared_ptr<BufferState> buffer) noexcept {
  const std::byte* adopted = buffer->adopted;
  {
    const std::scoped_lock lock{mutex_};
    buffers_.erase(buffer->id.value);
  }
  if (usable().ok()) {
    if (adopted == nullptr) {
      executor_->release(std::move(buffer), nullptr);
      return;
    }
    // The user's memory may go away as soon as this returns.
    const auto gone = std::make_shared<Event>();
    executor_->release(std::move(buffer), gone);
    parts_.environment->wait(*gone, forever);
  }
  const std::scoped_lock lock{mutex_};
  adopted_.erase(adopted);
}

Result<std::shared_ptr<BufferState>> RuntimeCore::find_buffer(BufferId id,
                                                              std::string_view used_by) const {
  const std::scoped_lock lock{mutex_};
  const auto found = buffers_.find(id.value);
  if (found != buffers_.end())
    if (auto buffer = found->second.lock()) return buffer;
  return Status{Code::invalid_argument,
                std::string{used_by} + ": buffer " + std::to_string(id.value) + " was destroyed"};
}

Result<std::shared_ptr<RunState>> RuntimeCore::start(const std::shared_ptr<PlanState>& plan,
                                                     std::span<const Binding> bindings,
                                                     Job* completion, RunState* parent,
                                                     TaskIndex parent_task,
                                                     const RunOptions& options) {
  TROIKA_TRY(usable());
  take_in_new_devices(*plan);
  const bool promised = options.deadline != forever;
  if (!plan->lane || promised)
    executor_->look_out(*plan, options.refuse_late ? Look::at_prices : Look::as_policy_asks);
  const TaskGraph& graph = *plan->graph;
  auto run = std::make_shared<RunState>();
  run->plan = plan;
  run->deadline = options.deadline;
  run->refuse_late = options.refuse_late;
  run->after = options.after;
  if (run->after) run->after->attach(*parts_.environment);
  if (!promised && goes_to_host_lane(*plan)) {
    run->plan = plan->lane->whole;
    run->lane = std::make_unique<LaneExecution>(plan, *host_lane_, *lane_tracing_);
  }
  run->completion = completion;
  run->parent = parent;
  run->spawner = parent_task;
  run->host_only = parent != nullptr && (parent->lane != nullptr || parent->host_only);
  run->parent_task = parent != nullptr && parent->lane ? TaskIndex{0} : parent_task;
  const TaskGraph& seen = *run->plan->graph;
  run->is_access = seen.size() == 1 && is_access(seen.operation(TaskIndex{0}));
  run->buffers.resize(graph.slots().size());
  for (std::size_t slot = 0; slot < graph.slots().size(); ++slot) {
    Storage storage = graph.slots()[slot];
    if (!storage.buffer) continue;
    for (const Binding& binding : bindings)
      if (binding.is_buffer && binding.from == graph.slots()[slot]) storage = binding.to;
    TROIKA_ASSIGN(run->buffers[slot], find_buffer(storage.buffer, "run"));
    if (run->buffers[slot]->bytes < graph.reach()[slot])
      return Status{Code::out_of_range, "binding buffer " + std::to_string(storage.buffer.value) +
                                            " of " + std::to_string(run->buffers[slot]->bytes) +
                                            " bytes where views reach byte " +
                                            std::to_string(graph.reach()[slot])};
  }
  if (!bindings.empty()) TROIKA_TRY(check_bound_apart(*run, graph));
  for (const Binding& binding : bindings) {
    if (binding.is_buffer) {
      if (std::find(graph.slots().begin(), graph.slots().end(), binding.from) ==
          graph.slots().end())
        return Status{Code::not_found, "binding: the graph does not use buffer " +
                                           std::to_string(binding.from.buffer.value)};
      continue;
    }
    TROIKA_TRY(bind_scalar(graph, binding, run->lane ? run->lane_args : run->own_args));
  }
  if (plan->spawns) {
    run->contexts.reserve(graph.size());
    for (std::uint32_t t = 0; t < graph.size(); ++t)
      run->contexts.emplace_back(*this, *run, TaskIndex{t});
  }
  if (parent != nullptr) {
    Status within = check_within_parent(*run);
    if (!within.ok() && run->lane) {
      // The lane leases what lies between a task's rows too, and that is not the parent's to give.
      run->lane = nullptr;
      run->plan = plan;
      run->own_args = std::move(run->lane_args);
      run->is_access = false;
      within = check_within_parent(*run);
    }
    TROIKA_TRY(within);
  }
  {
    const std::scoped_lock lock{mutex_};
    run->id = RunId{next_run_++};
    std::erase_if(live_runs_, [](const auto& weak) { return weak.expired(); });
    live_runs_.push_back(run);
  }
  // Whoever adds a device from here on finds the run.
  take_in_new_devices(*plan);
  if (parent != nullptr && parent->lane) parent->lane->child_begins(parent_task);
  executor_->submit(run);
  return run;
}

// No buffer stands for two of the graph's of which one is written.
Status RuntimeCore::check_bound_apart(const RunState& run, const TaskGraph& graph) {
  std::unordered_map<const BufferState*, bool> written;
  for (std::size_t slot = 0; slot < run.buffers.size(); ++slot) {
    const BufferState* const buffer = run.buffers[slot].get();
    if (buffer == nullptr) continue;
    const auto [other, alone] = written.try_emplace(buffer, graph.slot_written()[slot]);
    if (alone) continue;
    other->second = other->second || graph.slot_written()[slot];
    if (other->second)
      return {Code::invalid_argument,
              "overlapping binding: buffer " + std::to_string(buffer->id.value) +
                  " would stand for two buffers of the graph, one of them written"};
  }
  return {};
}

Status RuntimeCore::bind_scalar(const TaskGraph& graph, const Binding& binding,
                                std::vector<Arg>& args) {
  if (binding.task.value >= graph.size())
    return {Code::not_found,
            "binding: the graph has no task " + std::to_string(binding.task.value)};
  const auto of_task = graph.args(binding.task);
  const std::string where =
      "binding argument " + std::to_string(binding.argument) + " of " + graph.name_of(binding.task);
  if (binding.argument >= of_task.size() || of_task[binding.argument].is_buffer ||
      of_task[binding.argument].scalar.type != binding.scalar.type)
    return {Code::invalid_argument,
            where + ": it is no " + std::string{name_of(binding.scalar.type)}};
  if (args.empty()) {
    for (std::uint32_t t = 0; t < graph.size(); ++t) {
      const auto original = graph.args(TaskIndex{t});
      args.insert(args.end(), original.begin(), original.end());
    }
  }
  args[graph.task(binding.task).first_arg + binding.argument].scalar = binding.scalar;
  return {};
}

// What a sub-graph touches lies within what its parent's task declares, so that the order of the
// parent is the order of the child.
Status RuntimeCore::check_within_parent(const RunState& child) const {
  const RunState& parent = *child.parent;
  const auto declared = parent.lane ? parent.lane->plan()->graph->args(child.spawner)
                                    : parent.args(child.parent_task);
  for (const auto* boundaries : {&child.plan->graph->entries(), &child.plan->graph->exits()}) {
    for (const TaskGraph::Boundary& use : *boundaries) {
      const BufferState* buffer = child.buffers[use.slot].get();
      const bool covered = std::any_of(declared.begin(), declared.end(), [&](const Arg& arg) {
        return arg.is_buffer && parent.buffers[arg.slot].get() == buffer &&
               contains(arg.region, use.region) && (!writes(use.access) || writes(arg.access));
      });
      if (!covered)
        return {
            Code::invalid_argument,
            "sub-graph of " +
                (parent.lane ? parent.lane->plan() : parent.plan)->graph->name_of(child.spawner) +
                " touches buffer " + std::to_string(buffer->id.value) +
                " beyond what the task declares"};
    }
  }
  return {};
}

// Who waits on a worker's place may wait for himself.
bool RuntimeCore::must_not_wait() const noexcept {
  return parts_.workers != nullptr && parts_.workers->is_worker() && !place_is_lent;
}

Status RuntimeCore::wait(RunState& run, Nanos deadline) {
  // A run that is over has an outcome, whatever became of the runtime.
  if (run.done.is_set()) return run.outcome;
  if (fork_generation() != generation_) return usable();
  if (must_not_wait())
    return {Code::would_deadlock,
            "wait() on a thread of Troika's: use after(), a sub-graph, or blocking()"};
  if (!parts_.environment->wait(run.done, deadline))
    return {Code::timed_out, "the run is not over at the deadline"};
  return run.outcome;
}

// One that was lost may have a successor of its name.
Result<DeviceId> RuntimeCore::find_device(std::string_view name) const {
  const auto devices = this->devices();
  for (std::size_t d = devices.size(); d-- > 0;)
    if (devices[d]->info().name == name) return DeviceId{static_cast<std::uint32_t>(d)};
  return Status{Code::not_found, "no device is called '" + std::string{name} + "'"};
}

Status RuntimeCore::limit_tenant(TenantId tenant, std::string_view name, std::size_t bytes) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(const DeviceId device, find_device(name));
  executor_->limit_tenant(tenant, devices()[device.value]->info().space, bytes);
  return {};
}

Status RuntimeCore::set_in_service(std::string_view name, bool in_service) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(const DeviceId device, find_device(name));
  if (device == DeviceId{0})
    return {Code::invalid_argument, std::string{name} + " is the host, which stays in service"};
  if (must_not_wait()) return {Code::would_deadlock, "a change of service on a thread of Troika's"};
  ServiceChange change{device, in_service, std::make_shared<ServiceChange::Answer>()};
  executor_->post(change);
  if (!parts_.environment->wait(change.to->given, forever))
    return {Code::internal, "nothing is under way, and " + std::string{name} + " has not left"};
  return change.to->outcome;
}

Result<std::shared_ptr<PlanState>> RuntimeCore::compile_access(Operand view, Access mode) {
  view.type = Type::u8;
  Graph graph;
  graph.add(access_operation(mode), {AnyArg{mode, view}});
  return compile(graph, Runs::once);
}

Result<std::byte*> RuntimeCore::access(BufferId id, Region region, Access mode) {
  TROIKA_TRY(usable());
  TROIKA_ASSIGN(const auto buffer, find_buffer(id, "access"));
  if (!executor_->access_quiet(*buffer, region, mode)) {
    TROIKA_ASSIGN(const auto plan,
                  compile_access({Storage{id, 0, buffer->bytes}, Type::u8, region}, mode));
    TROIKA_ASSIGN(const auto run, start(plan, {}, nullptr));
    TROIKA_TRY(wait(*run, forever));
  }
  return buffer->home(host_space)->root->host() + region.offset;
}

Status RuntimeCore::blocking(void (*body)(void*), void* state) {
  if (fork_generation() != generation_) return usable();
  if (parts_.workers == nullptr || !parts_.workers->is_worker() || place_is_lent) {
    body(state);
    return {};
  }
  HostLane* const lane = HostLane::of_this_thread();
  if (lane != nullptr) lane->begin_block();
  if (Status lent = parts_.workers->lend(false); !lent.ok()) {
    if (lane != nullptr) lane->end_block();
    return lent;
  }
  place_is_lent = true;
  struct Return {
    WorkerPool* workers;
    HostLane* lane;
    ~Return() {
      place_is_lent = false;
      workers->reclaim();
      if (lane != nullptr) lane->end_block();
    }
  } returned{parts_.workers, lane};
  body(state);
  return {};
}

void TaskContext::submit(const Graph& graph) {
  const auto plan = value_or_throw(core_->compile(graph, RuntimeCore::Runs::once));
  value_or_throw(core_->start(plan, {}, nullptr, run_, task_));
}

bool TaskContext::cancelled() const noexcept {
  return run_->cancel_requested.load(std::memory_order_relaxed);
}

}  // namespace troika
