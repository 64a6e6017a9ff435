#include "runtime/sched/list_schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace troika {
namespace {

// Devices are alike if no task takes longer on one than on the other by more than this.
constexpr double alike = 1.05;

}  // namespace

ListSchedule::ListSchedule(const TaskGraph& graph, const TaskCosts& costs,
                           std::span<const unsigned> lanes)
    : tasks_{static_cast<std::uint32_t>(graph.size())}, group_of_(lanes.size(), none) {
  nanos_.reserve(tasks_ * lanes.size());
  for (std::uint32_t t = 0; t < tasks_; ++t)
    for (std::uint32_t d = 0; d < lanes.size(); ++d) {
      const auto time = costs.time(TaskIndex{t}, DeviceId{d});
      nanos_.push_back(time ? std::max(1.0, static_cast<double>(time->count())) : 0);
    }
  for (std::uint32_t d = 0; d < lanes.size(); ++d) {
    if (lanes[d] == 0) continue;
    const auto group = std::ranges::find_if(lanes_, [&](const std::vector<DeviceId>& others) {
      return are_alike(DeviceId{d}, others.front());
    });
    group_of_[d] = static_cast<std::uint32_t>(group - lanes_.begin());
    if (group == lanes_.end()) lanes_.emplace_back();
    lanes_[group_of_[d]].insert(lanes_[group_of_[d]].end(), lanes[d], DeviceId{d});
  }
  for (std::uint32_t t = 0; t < tasks_; ++t) {
    predecessors_.push_back(graph.task(TaskIndex{t}).predecessors);
    first_.push_back(static_cast<std::uint32_t>(successors_.size()));
    const auto successors = graph.successors(TaskIndex{t});
    successors_.insert(successors_.end(), successors.begin(), successors.end());
  }
  first_.push_back(static_cast<std::uint32_t>(successors_.size()));
  ready_.resize(lanes_.size());
  device_.resize(tasks_);
  begin_.resize(tasks_);
  ready_at_.resize(tasks_);
  cause_.resize(tasks_);
}

bool ListSchedule::are_alike(DeviceId a, DeviceId b) const noexcept {
  for (std::uint32_t t = 0; t < tasks_; ++t) {
    const double one = nanos(t, a), other = nanos(t, b);
    if (std::max(one, other) > alike * std::min(one, other)) return false;
  }
  return true;
}

double ListSchedule::run(const Choice& choice) {
  left_ = predecessors_;
  free_ = lanes_;
  last_ = none;
  now_ = 0;
  for (std::uint32_t t = 0; t < tasks_; ++t)
    if (left_[t] == 0) make_ready(t, none, choice);
  for (std::uint32_t g = 0; g < groups(); ++g) fill(g, none);
  while (!running_.empty()) {
    std::ranges::pop_heap(running_, std::greater{});
    const Running ended = running_.back();
    running_.pop_back();
    now_ = ended.end;
    last_ = ended.task;
    free_[choice.group[ended.task]].push_back(device_[ended.task]);
    for (std::uint32_t i = first_[ended.task]; i < first_[ended.task + 1]; ++i)
      if (--left_[successors_[i]] == 0) make_ready(successors_[i], ended.task, choice);
    for (std::uint32_t g = 0; g < groups(); ++g) fill(g, ended.task);
  }
  return now_;
}

void ListSchedule::make_ready(std::uint32_t task, std::uint32_t cause, const Choice& choice) {
  ready_at_[task] = now_;
  cause_[task] = cause;
  auto& heap = ready_[choice.group[task]];
  heap.push_back({choice.turn[task], task});
  std::ranges::push_heap(heap, std::greater{});
}

void ListSchedule::fill(std::uint32_t group, std::uint32_t freed_by) {
  auto& heap = ready_[group];
  auto& free = free_[group];
  while (!free.empty() && !heap.empty()) {
    std::ranges::pop_heap(heap, std::greater{});
    const std::uint32_t task = heap.back().task;
    heap.pop_back();
    device_[task] = free.back();
    free.pop_back();
    if (ready_at_[task] < now_) cause_[task] = freed_by;
    begin_[task] = now_;
    running_.push_back({now_ + nanos(task, device_[task]), task});
    std::ranges::push_heap(running_, std::greater{});
  }
}

Assignment ListSchedule::assignment() const {
  Assignment result{device_, {}, Nanos{std::llround(now_)}};
  for (const double begin : begin_) result.begin.push_back(Nanos{std::llround(begin)});
  return result;
}

}  // namespace troika
