#include "runtime/exec/lane_plan.h"

#include <algorithm>

namespace troika {
namespace {

LaneClass class_of(Priority priority) noexcept {
  switch (priority) {
    case Priority::low: return LaneClass::low;
    case Priority::normal: return LaneClass::normal;
    case Priority::high: return LaneClass::high;
  }
  return LaneClass::normal;
}

constexpr std::uint32_t arg_count_max = 0xffff;

// Attempts after the first. A task that updates bytes has none: a failed call may have changed
// them.
std::uint16_t retries_of(const PlanState& plan, TaskIndex task, DeviceId host) {
  const TaskOptions& options = plan.graph->options(task);
  const PlanState::OperationOn& on = plan.operation(task);
  if (on.spawns(host) || !options.idempotent.value_or(on.rerunnable(host))) return 0;
  for (const Arg& arg : plan.graph->args(task))
    if (arg.is_buffer && reads(arg.access) && writes(arg.access)) return 0;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(options.retries, 0xffff));
}

// Whether all of it may be done once more, whatever became of the first time: what it writes it
// does not read before.
bool can_restart(const TaskGraph& graph) {
  return std::none_of(graph.entries().begin(), graph.entries().end(),
                      [&](const TaskGraph::Boundary& entry) {
                        return reads(entry.access) && graph.slot_written()[entry.slot];
                      });
}

// Whether another device may do what a call on the host fails to do.
bool may_go_elsewhere(const PlanState& plan, TaskIndex task, DeviceId host) {
  const TaskOptions& options = plan.graph->options(task);
  return plan.kind(task).able != bit(host) && options.retries != 0 &&
         options.idempotent.value_or(plan.operation(task).rerunnable(host));
}

bool eligible(const PlanState& plan, DeviceId host, bool alone, bool restarts) {
  if (plan.size() == 0 || (plan.spawns && !alone)) return false;
  for (const PlanState::Kind& kind : plan.kinds)
    if ((kind.able & bit(host)) == 0 ||
        plan.operations[kind.operation].images[host.value]->function.call == nullptr)
      return false;
  for (std::uint32_t t = 0; t < plan.size(); ++t) {
    const TaskIndex task{t};
    const TaskOptions& options = plan.graph->options(task);
    if (plan.graph->args(task).size() > arg_count_max || options.timeout != forever ||
        options.deadline != forever || options.tenant != plan.graph->options(TaskIndex{0}).tenant)
      return false;
    // The lane has no elsewhere: then all is done again.
    if (may_go_elsewhere(plan, task, host) && !restarts) return false;
  }
  return true;
}

// One task over each slot from the first byte that a task of the plan touches to the last.
Result<std::shared_ptr<PlanState>> whole_of(const PlanState& plan, const KernelRegistry& registry) {
  Graph graph;
  std::vector<AnyArg> args;
  const TaskGraph& tasks = *plan.graph;
  for (const Storage& slot : tasks.slots())
    if (!slot.buffer) graph.scratch<std::uint8_t>(slot.bytes);
  Operation operation;
  std::vector<std::size_t> begin = tasks.reach();
  for (const Arg& arg : tasks.all_args())
    if (arg.is_buffer) begin[arg.slot] = std::min(begin[arg.slot], arg.region.offset);
  for (std::size_t slot = 0; slot < tasks.slots().size(); ++slot) {
    const Operand all{tasks.slots()[slot], Type::u8,
                      Region::bytes(begin[slot], tasks.reach()[slot] - begin[slot])};
    args.emplace_back(tasks.slot_written()[slot] ? Access::update : Access::read, all);
  }
  graph.add("troika.host_lane", std::span<const AnyArg>{args})
      .tenant(tasks.options(TaskIndex{0}).tenant);
  TROIKA_ASSIGN(auto compiled, TaskGraph::compile_unchecked(graph, registry));
  auto whole = std::make_shared<PlanState>();
  whole->graph = std::move(compiled);
  whole->kinds.resize(1);
  whole->kind_of.resize(1);
  PlanState::OperationOn on;
  on.operation = registry.find("troika.host_lane");
  whole->operations.push_back(std::move(on));
  return whole;
}

}  // namespace

void PlanState::set_run_slots(std::uint32_t count) noexcept {
  run_slots = count;
  if (lane) lane->whole->run_slots = count;
}

Result<std::shared_ptr<const LanePlan>> LanePlan::make(PlanState& plan,
                                                       const KernelRegistry& registry,
                                                       DeviceId host, bool alone) {
  const bool restarts = can_restart(*plan.graph);
  if (!eligible(plan, host, alone, restarts)) return std::shared_ptr<const LanePlan>{};
  const TaskGraph& tasks = *plan.graph;
  std::vector<LaneEdge> edges;
  std::vector<LaneClass> classes;
  std::vector<Task> laid;
  laid.reserve(tasks.size());
  bool all_normal = true;
  for (std::uint32_t t = 0; t < tasks.size(); ++t) {
    const TaskIndex index{t};
    laid.push_back({plan.operation(index).images[host.value], tasks.task(index).first_arg,
                    static_cast<std::uint16_t>(tasks.args(index).size()),
                    retries_of(plan, index, host)});
    classes.push_back(class_of(tasks.options(index).priority));
    all_normal = all_normal && classes.back() == LaneClass::normal;
    for (const std::uint32_t successor : tasks.successors(index)) edges.push_back({t, successor});
  }
  if (all_normal) classes.clear();
  TROIKA_ASSIGN(LaneGraph graph,
                LaneGraph::make(static_cast<std::uint32_t>(tasks.size()), edges, classes));
  TROIKA_ASSIGN(auto whole, whole_of(plan, registry));
  whole->counts_in = &plan;
  return std::shared_ptr<const LanePlan>{std::make_shared<LanePlan>(LanePlan{
      std::move(graph), std::move(laid), std::move(whole), restarts, std::make_unique<Idle>()})};
}

}  // namespace troika
