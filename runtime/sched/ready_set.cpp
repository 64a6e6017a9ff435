#include "runtime/sched/ready_set.h"

#include <algorithm>

namespace troika {
namespace {

Nanos slack(const ReadyTask& task) noexcept {
  return task.deadline == forever ? forever : task.deadline - task.rank;
}

// Sorting order: worst first.
bool worse(const ReadyTask& a, const ReadyTask& b) noexcept { return goes_before(b, a); }

}  // namespace

bool goes_before(const ReadyTask& a, const ReadyTask& b) noexcept {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (const Nanos x = slack(a), y = slack(b); x != y) return x < y;
  if (a.rank != b.rank) return a.rank > b.rank;
  if (a.age != b.age) return a.age < b.age;
  return a.key < b.key;
}

void ReadySet::insert(const ReadyTask& task) {
  tasks_.insert(std::upper_bound(tasks_.begin(), tasks_.end(), task, worse), task);
}

bool ReadySet::erase(const ReadyTask& task) {
  const auto found = std::lower_bound(tasks_.begin(), tasks_.end(), task, worse);
  if (found == tasks_.end() || found->key != task.key) return false;
  tasks_.erase(found);
  return true;
}

}  // namespace troika
