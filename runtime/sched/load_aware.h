// The default policy: a lane pulls the task it is relatively best at, unless another lane would
// finish that task sooner.
#pragma once

#include <vector>

#include "runtime/sched/policy.h"

namespace troika {

// One decision, class by class from the highest:
//   explore    a kernel that was hardly measured on this lane's device gets its first samples, from
//              its least urgent tasks: one so that every able device is tried, a few where they
//              could change a decision;
//   at home    among kernels for which this device is about the fastest (clearly the fastest, if it
//              takes cores that others run on too), the best-ordered task that no lane would finish
//              sooner, given its backlog and what it has to do first;
//   help out   among the rest, by how little slower they are here: their first task if even that
//              finishes here no later; else their last task, if it finishes here no later than the
//              fast devices get through everything that is ready for them;
//   or idle.
// "At home" and "help out" are the structure of deadline-guarded affinity pull without its prices
// and deadline.
// Ageing: of every `ageing_period` tasks taken, one is the oldest that the lane can run, if more
// than `ageing_bound` tasks became ready after it. So no class starves.
class LoadAware final : public Policy {
 public:
  static constexpr std::uint64_t ageing_period = 64;
  static constexpr std::uint64_t ageing_bound = 1024;

  std::string_view name() const noexcept override { return "load_aware"; }
  void on_ready(const ReadyTask& task, const SchedView& view) override;
  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) override;

 private:
  // A device and the lane of it that is free first.
  struct DeviceLoad {
    DeviceId device;
    const LaneView* first_free = nullptr;  // null: no open lane
    Nanos start{0};                        // when that lane is free
    Nanos shared{0};                       // mean backlog of lanes on the same cores
    Nanos ready_work{0};                   // until its lanes are through the tasks at home here
    unsigned lanes = 0;                    // open ones
  };
  // The ready tasks of one kernel and class, and what the first of them costs on each device.
  struct Kind {
    std::span<const ReadyTask> tasks;  // worst first
    std::size_t costs;                 // index into costs_, one a device; forever: not able
    Nanos best;                        // over devices
  };

  const ReadyTask* decide(const LaneView& lane, const SchedView& view);
  const ReadyTask* oldest(const LaneView& lane, const SchedView& view) const;
  void survey_lanes(const SchedView& view);
  void survey_tasks(Priority priority, const SchedView& view);
  const ReadyTask* explore(const LaneView& lane, const SchedView& view) const;
  const ReadyTask* at_home(const LaneView& lane, const SchedView& view) const;
  const ReadyTask* help_out(const LaneView& lane, const SchedView& view);

  // Whether a lane that is better at it is at work on the same cores: helping would only slow that
  // one down.
  bool would_displace(const Kind& kind, const LaneView& lane, const SchedView& view) const noexcept;
  bool is_home(const Kind& kind, std::size_t device) const noexcept;
  bool is_home_only(const Kind& kind, std::size_t device) const noexcept;
  bool is_sooner_elsewhere(const Kind& kind, Nanos here) const noexcept;
  Nanos finish_here(const ReadyTask& task, const LaneView& lane, const SchedView& view) const;
  Nanos finish_elsewhere(const Kind& kind, std::size_t device) const noexcept;

  std::uint64_t latest_age_ = 0;
  std::uint64_t taken_ = 0;
  // Scratch of one decision, kept for its memory.
  std::vector<DeviceLoad> devices_;
  std::vector<Kind> kinds_;
  std::vector<Nanos> costs_;
};

}  // namespace troika
