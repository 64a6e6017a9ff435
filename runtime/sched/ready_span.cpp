#include "runtime/sched/ready_span.h"

#include <algorithm>

namespace troika {

std::span<const ReadyTask> of_class(const ReadySet& set, Priority priority) noexcept {
  const auto tasks = set.tasks();
  if (tasks.front().priority == tasks.back().priority)
    return tasks.front().priority == priority ? tasks : std::span<const ReadyTask>{};
  const auto first = std::partition_point(
      tasks.begin(), tasks.end(), [&](const ReadyTask& t) { return t.priority > priority; });
  const auto last = std::partition_point(
      first, tasks.end(), [&](const ReadyTask& t) { return t.priority == priority; });
  return {first, last};
}

const ReadyTask* best_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view) {
  for (const ReadyTask& task : tasks.first(std::min(look_max, tasks.size())))
    if (view.able(task, lane)) return &task;
  return nullptr;
}

const ReadyTask* worst_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view) {
  const std::size_t look = std::min(look_max, tasks.size());
  for (std::size_t i = 1; i <= look; ++i)
    if (view.able(tasks[tasks.size() - i], lane)) return &tasks[tasks.size() - i];
  return nullptr;
}

void Ageing::on_ready(const ReadyTask& task) noexcept { latest_ = std::max(latest_, task.age); }

const ReadyTask* Ageing::due(LaneId lane, const SchedView& view) const {
  if ((taken_ + 1) % period != 0) return nullptr;
  const ReadyTask* found = nullptr;
  const auto look_at = [&](const ReadyTask& task) {
    if (latest_ > task.age + bound && (found == nullptr || task.age < found->age) &&
        view.able(task, lane))
      found = &task;
  };
  for (const ReadySetId set : view.ready_sets()) {
    for (std::size_t c = 0; c < priority_classes; ++c) {
      const auto tasks = of_class(view.ready()[set.value], static_cast<Priority>(c));
      for (const ReadyTask& task : tasks.first(std::min(look_max, tasks.size()))) look_at(task);
    }
  }
  for (const ReadyTask& task : view.bound(lane).tasks()) look_at(task);
  return found;
}

}  // namespace troika
