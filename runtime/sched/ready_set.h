// Ready tasks, best first.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"
#include "runtime/graph/task_options.h"

namespace troika {

// A task of a run, as the scheduler names it.
struct TaskKey {
  std::uint32_t run = 0;   // the executor's slot for the run
  std::uint32_t task = 0;  // index in its graph
  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

// Calls of one kernel with equal sizes share a history: the kernel's number and the bytes of its
// views.
struct CostKey {
  KernelId kernel;
  std::uint64_t bytes = 0;
  friend bool operator==(const CostKey&, const CostKey&) = default;
};

struct ReadyTask {
  TaskKey key;
  CostKey cost;
  Priority priority = Priority::normal;
  TenantId tenant{0};
  LaneId bound;              // the only lane that may take it; none: any able lane
  DeviceId assigned;         // its plan gives it to this device; none: any able one may take it
  Nanos deadline = forever;  // absolute, of the task or its run, whichever is earlier
  Nanos rank{0};  // longest predicted path from here to the end of its graph, itself included
  std::uint64_t age = 0;  // when it became ready, in decisions; smaller is older
  // For whoever shows it: the devices that may take it, and where its predictions are.
  std::uint64_t able = 0;
  std::uint32_t memo = 0;
  bool touches_first = false;  // its run has memory that nobody has touched yet
};

// Whether `a` goes before `b` when nothing but the tasks matters: priority class, then deadline
// slack (deadline - rank), then rank, then age, then key.
bool goes_before(const ReadyTask& a, const ReadyTask& b) noexcept;

// Where a task waits that is bound to no lane: first come the sets of what is assigned to each of
// `devices` devices, then one a kernel.
inline ReadySetId set_of(const ReadyTask& task, std::size_t devices) noexcept {
  return task.assigned ? ReadySetId{task.assigned.value}
                       : ReadySetId{static_cast<std::uint32_t>(devices) + task.cost.kernel.value};
}

// Sorted. The best leaves and the worst comes at no cost that grows with the set.
class ReadySet {
 public:
  void insert(const ReadyTask& task);
  // False when it is not there.
  bool erase(const ReadyTask& task);
  bool empty() const noexcept { return tasks().empty(); }
  std::size_t size() const noexcept { return tasks().size(); }
  const ReadyTask& best() const noexcept { return tasks().front(); }
  // Best first.
  std::span<const ReadyTask> tasks() const noexcept { return std::span{tasks_}.subspan(begin_); }

 private:
  std::vector<ReadyTask>::iterator first() noexcept {
    return tasks_.begin() + static_cast<std::ptrdiff_t>(begin_);
  }

  std::vector<ReadyTask> tasks_;
  std::size_t begin_ = 0;  // those before it have left
};

}  // namespace troika
