#include "runtime/graph/graph.h"

#include <algorithm>

namespace troika {

std::string_view name_of(Priority priority) noexcept {
  switch (priority) {
    case Priority::low: return "low";
    case Priority::normal: return "normal";
    case Priority::high: return "high";
  }
  return "unknown";
}

TaskOptions& TaskRef::options() {
  Graph::Task& task = graph_->tasks_[index_.value];
  if (task.options == 0) {
    task.options = static_cast<std::uint32_t>(graph_->options_.size());
    graph_->options_.emplace_back();
  }
  return graph_->options_[task.options];
}

TaskRef TaskRef::priority(Priority priority) {
  options().priority = priority;
  return *this;
}
TaskRef TaskRef::deadline(Nanos after_submission) {
  options().deadline = after_submission;
  return *this;
}
TaskRef TaskRef::timeout(Nanos running) {
  options().timeout = running;
  return *this;
}
TaskRef TaskRef::retries(std::uint32_t count) {
  options().retries = count;
  return *this;
}
TaskRef TaskRef::tenant(TenantId tenant) {
  options().tenant = tenant;
  return *this;
}
TaskRef TaskRef::only_on(std::string device) {
  options().only.push_back(std::move(device));
  return *this;
}
TaskRef TaskRef::never_on(std::string device) {
  options().never.push_back(std::move(device));
  return *this;
}
TaskRef TaskRef::idempotent(bool value) {
  options().idempotent = value;
  return *this;
}
TaskRef TaskRef::label(std::string text) {
  options().label = std::move(text);
  return *this;
}
TaskRef TaskRef::after(TaskRef earlier) {
  graph_->edges_.push_back({earlier.index_, index_});
  return *this;
}

TaskRef Graph::add(std::string_view kernel, std::span<const AnyArg> args) {
  begin_task(kernel);
  for (const AnyArg& arg : args) {
    if (arg.is_buffer) push_buffer(arg.access, arg.operand);
    else push_scalar(arg.scalar);
  }
  return end_task();
}

void Graph::begin_task(std::string_view kernel) {
  // Programs add runs of the same kernel: the latest name is the likeliest.
  const auto found = std::find(kernel_names_.rbegin(), kernel_names_.rend(), kernel);
  std::uint32_t index = 0;
  if (found == kernel_names_.rend()) {
    index = static_cast<std::uint32_t>(kernel_names_.size());
    kernel_names_.emplace_back(kernel);
  } else {
    index = static_cast<std::uint32_t>(kernel_names_.rend() - found - 1);
  }
  tasks_.push_back({index, static_cast<std::uint32_t>(args_.size()), 0, 0});
}

void Graph::push_buffer(Access access, const Operand& operand) {
  Arg& arg = args_.emplace_back();
  arg.is_buffer = true;
  arg.access = access;
  arg.slot = slot_of(operand.storage);
  arg.region = operand.region;
  arg_types_.push_back(operand.type);
}

void Graph::push_scalar(Scalar scalar) {
  args_.emplace_back().scalar = scalar;
  arg_types_.push_back(scalar.type);
}

TaskRef Graph::end_task() {
  Task& task = tasks_.back();
  const TaskIndex index{static_cast<std::uint32_t>(tasks_.size() - 1)};
  task.arg_count = static_cast<std::uint32_t>(args_.size()) - task.first_arg;
  for (std::uint32_t i = 0; i < task.arg_count; ++i)
    if (args_[task.first_arg + i].is_buffer) connect(index, args_[task.first_arg + i]);
  return {*this, index};
}

void Graph::connect(TaskIndex task, const Arg& arg) {
  const bool writing = writes(arg.access);
  std::size_t& pitch = slot_pitch_[arg.slot];
  if (pitch == 0 && arg.region.rows > 1) pitch = arg.region.pitch;
  const Region region = widened(arg.region, pitch);
  bool recorded = false;
  records_[arg.slot].filter(region, [&](RegionIndex<Record>::Entry& entry) {
    Record& record = entry.value;
    const bool same = entry.region == region;
    if (!same && !overlap(entry.region, region)) return true;
    if (record.writer) follow(record.writer, task);
    if (writing)
      for (std::uint32_t at = record.readers; at != none; at = readers_[at].next)
        follow(readers_[at].task, task);
    if (same) {
      recorded = true;
      if (writing) record = {task};
      else add_reader(record, task);
      return true;
    }
    // What is overwritten whole is ordered through this task from now on.
    return !(writing && contains(region, entry.region));
  });
  if (recorded) return;
  Record record;
  if (writing) record.writer = task;
  else add_reader(record, task);
  records_[arg.slot].insert(region, record);
}

void Graph::follow(TaskIndex earlier, TaskIndex task) {
  if (earlier == task) return;
  if (edges_.empty() || edges_.back().from != earlier || edges_.back().to != task)
    edges_.push_back({earlier, task});
}

void Graph::add_reader(Record& record, TaskIndex task) {
  readers_.push_back({task, record.readers});
  record.readers = static_cast<std::uint32_t>(readers_.size() - 1);
}

std::uint32_t Graph::slot_of(const Storage& storage) {
  const bool is_scratch = !storage.buffer;
  std::vector<std::uint32_t>& index = is_scratch ? slot_by_scratch_ : slot_by_buffer_;
  const std::uint32_t key = is_scratch ? storage.scratch : storage.buffer.value;
  constexpr std::uint32_t absent = ~0U;
  if (index.size() <= key) index.resize(key + 1, absent);
  if (index[key] == absent) {
    index[key] = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(storage);
    records_.emplace_back();
    slot_pitch_.push_back(0);
  }
  return index[key];
}

}  // namespace troika
