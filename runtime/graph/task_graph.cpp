#include "runtime/graph/task_graph.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace troika {
namespace {

std::string describe(const Param& param) {
  if (!param.is_buffer) return std::string{name_of(param.type)};
  return std::string{name_of(param.access)} + " " + std::string{name_of(param.type)} + " buffer";
}

std::string task_name(std::size_t index, std::string_view kernel, const std::string& label) {
  std::string name = "task " + std::to_string(index) + " (" + std::string{kernel};
  if (!label.empty()) name += ": " + label;
  return name + ")";
}

Status check_argument(const Param& param, const Arg& arg, Type type, std::size_t position,
                      const Storage* storage) {
  const Param given{arg.is_buffer, type, arg.access};
  const bool fits = param.is_buffer == given.is_buffer && param.type == given.type &&
                    (!param.is_buffer || param.access == given.access);
  if (!fits)
    return {Code::invalid_argument, "argument " + std::to_string(position) + " is " +
                                        describe(given) + ", the kernel takes " + describe(param)};
  if (!arg.is_buffer) return {};
  if (arg.region.empty())
    return {Code::invalid_argument, "argument " + std::to_string(position) + " is an empty view"};
  if (arg.region.rows > 1 && arg.region.pitch < arg.region.row_bytes)
    return {Code::invalid_argument, "argument " + std::to_string(position) + ": rows of " +
                                        std::to_string(arg.region.row_bytes) +
                                        " bytes overlap at a pitch of " +
                                        std::to_string(arg.region.pitch)};
  if (!arg.region.within(storage->bytes))
    return {Code::out_of_range,
            "argument " + std::to_string(position) + ": view out of range: ends at byte " +
                std::to_string(arg.region.end()) + " of " + std::to_string(storage->bytes)};
  return {};
}

}  // namespace

Result<std::shared_ptr<const TaskGraph>> TaskGraph::compile(const Graph& graph,
                                                            const KernelRegistry& registry) {
  return compile(graph, registry, Params::fixed);
}

Result<std::shared_ptr<const TaskGraph>> TaskGraph::compile_unchecked(
    const Graph& graph, const KernelRegistry& registry) {
  return compile(graph, registry, Params::any);
}

Result<std::shared_ptr<const TaskGraph>> TaskGraph::compile(const Graph& graph,
                                                            const KernelRegistry& registry,
                                                            Params params) {
  auto result = std::make_shared<TaskGraph>();
  TROIKA_TRY(result->check(graph, registry, params));
  TROIKA_TRY(result->connect(graph));
  result->find_boundaries();
  return std::shared_ptr<const TaskGraph>{std::move(result)};
}

std::size_t TaskGraph::bytes() const noexcept {
  return tasks_.size() * sizeof(Task) + args_.size() * sizeof(Arg) +
         (successors_.size() + order_.size()) * sizeof(std::uint32_t) +
         options_.size() * sizeof(TaskOptions);
}

std::string TaskGraph::name_of(TaskIndex index) const {
  return task_name(index.value, operation(index).name, options(index).label);
}

Status TaskGraph::check(const Graph& graph, const KernelRegistry& registry, Params params) {
  for (const std::string& name : graph.kernel_names()) operations_.push_back(registry.find(name));
  args_ = graph.args();
  options_ = graph.options();
  slots_ = graph.slots();
  slot_pitch_ = graph.slot_pitch();
  reach_.assign(slots_.size(), 0);
  slot_written_.assign(slots_.size(), false);
  tasks_.reserve(graph.size() + 1);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    const Graph::Task& task = graph.tasks()[i];
    const std::string& kernel = graph.kernel_names()[task.kernel];
    const auto named = [&](const Status& status) {
      return status.within(task_name(i, kernel, options_[task.options].label));
    };
    const Operation* const operation = operations_[task.kernel];
    if (operation == nullptr)
      return named({Code::not_found, "no kernel is called '" + kernel + "'"});
    if (params == Params::fixed && operation->params.size() != task.arg_count)
      return named({Code::invalid_argument, std::to_string(task.arg_count) +
                                                " arguments given, the kernel takes " +
                                                std::to_string(operation->params.size())});
    for (std::uint32_t a = 0; a < task.arg_count; ++a) {
      const Arg& arg = args_[task.first_arg + a];
      const Storage* storage = arg.is_buffer ? &slots_[arg.slot] : nullptr;
      const Type type = graph.arg_types()[task.first_arg + a];
      const Param param =
          params == Params::fixed ? operation->params[a] : Param{arg.is_buffer, type, arg.access};
      const Status status = check_argument(param, arg, type, a, storage);
      if (!status.ok()) return named(status);
      if (!arg.is_buffer) continue;
      reach_[arg.slot] = std::max(reach_[arg.slot], arg.region.end());
      if (writes(arg.access)) slot_written_[arg.slot] = true;
    }
    tasks_.push_back({task.kernel, task.options, 0, task.first_arg, 0});
  }
  tasks_.push_back({0, 0, 0, static_cast<std::uint32_t>(args_.size()), 0});
  return {};
}

Status TaskGraph::connect(const Graph& graph) {
  // A counting sort by source: where each one's successors begin, then the successors, which come
  // in order unless after() was called, then each of them once.
  std::vector<std::uint32_t> begin(size() + 1);
  for (const Graph::Edge& edge : graph.edges()) begin[edge.from.value + 1] += 1;
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::uint32_t> targets(graph.edges().size());
  {
    std::vector<std::uint32_t> next{begin.begin(), begin.end() - 1};
    for (const Graph::Edge& edge : graph.edges()) targets[next[edge.from.value]++] = edge.to.value;
  }
  successors_.reserve(targets.size());
  for (std::uint32_t from = 0; from < size(); ++from) {
    const std::span all{targets.data() + begin[from], targets.data() + begin[from + 1]};
    if (!std::is_sorted(all.begin(), all.end())) std::sort(all.begin(), all.end());
    tasks_[from].first_successor = static_cast<std::uint32_t>(successors_.size());
    std::unique_copy(all.begin(), all.end(), std::back_inserter(successors_));
  }
  tasks_.back().first_successor = static_cast<std::uint32_t>(successors_.size());
  for (const std::uint32_t target : successors_) tasks_[target].predecessors += 1;

  // Kahn's algorithm; what never becomes free lies on a cycle or behind one.
  std::vector<std::uint32_t> waiting(size());
  order_.reserve(size());
  for (std::uint32_t i = 0; i < size(); ++i) {
    waiting[i] = tasks_[i].predecessors;
    if (waiting[i] == 0) order_.push_back(i);
  }
  for (std::size_t next = 0; next < order_.size(); ++next)
    for (const std::uint32_t successor : successors(TaskIndex{order_[next]}))
      if (--waiting[successor] == 0) order_.push_back(successor);
  if (order_.size() == size()) return {};
  for (std::uint32_t i = 0; i < size(); ++i)
    if (waiting[i] != 0)
      return {Code::invalid_argument,
              "after() makes a cycle through or before " + name_of(TaskIndex{i})};
  return {Code::internal, "cycle without a member"};
}

void TaskGraph::find_boundaries() {
  // An access is an entry unless earlier writes of this graph cover it whole, and an exit unless a
  // later write does. One covering write is looked for, not a union: an extra entry only costs a
  // comparison at admission.
  struct Use {
    TaskIndex task;
    const Arg* arg;
    Region region;
  };
  std::vector<std::vector<Use>> by_slot(slots_.size());
  for (const std::uint32_t index : order_)
    for (const Arg& arg : args(TaskIndex{index}))
      if (arg.is_buffer && slots_[arg.slot].buffer)
        by_slot[arg.slot].push_back(
            {TaskIndex{index}, &arg, widened(arg.region, slot_pitch_[arg.slot])});

  const auto scan = [](auto begin, auto end, std::vector<Boundary>& found) {
    RegionIndex<TaskIndex> covers;  // writes met so far that no other one contains
    for (auto use = begin; use != end; ++use) {
      const Region& region = use->region;
      bool covered = false;
      covers.filter(region, [&](const RegionIndex<TaskIndex>::Entry& cover) {
        covered = covered || (cover.value != use->task && contains(cover.region, region));
        return true;
      });
      if (!covered) found.push_back({use->task, use->arg->slot, use->arg->access, region});
      if (!covered && writes(use->arg->access)) {
        covers.filter(region, [&](const RegionIndex<TaskIndex>::Entry& cover) {
          return !contains(region, cover.region);
        });
        covers.insert(region, use->task);
      }
    }
  };
  for (const auto& uses : by_slot) {
    scan(uses.begin(), uses.end(), entries_);
    scan(uses.rbegin(), uses.rend(), exits_);
  }
}

}  // namespace troika
