#include "runtime/sched/ready_set.h"

#include <algorithm>

namespace troika {
namespace {

Nanos slack(const ReadyTask& task) noexcept {
  return task.deadline == forever ? forever : task.deadline - task.rank;
}

}  // namespace

bool goes_before(const ReadyTask& a, const ReadyTask& b) noexcept {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (const Nanos x = slack(a), y = slack(b); x != y) return x < y;
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.age != b.age) return a.age < b.age;
  return a.key < b.key;
}

void ReadySet::insert(const ReadyTask& task) {
  tasks_.insert(std::upper_bound(first(), tasks_.end(), task, goes_before), task);
}

bool ReadySet::erase(const ReadyTask& task) {
  const auto found = std::lower_bound(first(), tasks_.end(), task, goes_before);
  if (found == tasks_.end() || found->key != task.key) return false;
  if (found != first()) {
    tasks_.erase(found);
    return true;
  }
  begin_ += 1;
  if (2 * begin_ >= tasks_.size()) {
    tasks_.erase(tasks_.begin(), first());
    begin_ = 0;
  }
  return true;
}

}  // namespace troika
