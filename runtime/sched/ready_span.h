// Looking for a task among those of one ready set.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/sched/policy.h"

namespace troika {

// Tasks of one kernel that are asked about before it counts as not able here.
inline constexpr std::size_t look_max = 32;

// The tasks of one class; a ready set, which is not empty, is sorted by class first, high to low.
std::span<const ReadyTask> of_class(const ReadySet& set, Priority priority) noexcept;
// The first or the last of them that the lane can take; null when there is none.
const ReadyTask* best_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view);
const ReadyTask* worst_able(std::span<const ReadyTask> tasks, LaneId lane, const SchedView& view);

// Lets no class starve: of every `period` tasks taken one is the oldest that the lane can run, if
// more than `bound` tasks became ready after it.
class Ageing {
 public:
  static constexpr std::uint64_t period = 64;
  static constexpr std::uint64_t bound = 1024;

  void on_ready(const ReadyTask& task) noexcept;
  void on_taken() noexcept { taken_ += 1; }
  // The one that is due now; null when none is.
  const ReadyTask* due(LaneId lane, const SchedView& view) const;

 private:
  std::uint64_t latest_ = 0;  // age
  std::uint64_t taken_ = 0;
};

}  // namespace troika
