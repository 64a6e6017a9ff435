// The default policy: a lane pulls the task it is relatively best at, unless another lane would
// finish that task sooner.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/sched/ready_span.h"

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
// Only the lane of a device that is free first is given work; the others would finish it later.
class LoadAware final : public Policy {
 public:
  std::string_view name() const noexcept override { return "load_aware"; }
  bool leaves_to_host_lane() const noexcept override { return true; }
  void on_ready(const ReadyTask& task, const SchedView& view) override;
  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) override;

 private:
  // A device and the lane of it that is free first.
  struct DeviceLoad {
    const LaneView* first_free = nullptr;  // null: no open lane
    Nanos start{0};                        // when that lane is free
    Nanos shared{0};                       // mean backlog of lanes on the same cores
    unsigned lanes = 0;                    // open ones
  };
  // The ready tasks of one kernel and class, and what one of them costs on each device.
  struct Kind {
    std::span<const ReadyTask> tasks;                                 // best first
    const ReadyTask& head() const noexcept { return tasks.front(); }  // stands for all of them
    std::size_t costs;        // index into costs_, one a device
    Nanos best;               // over devices
    std::uint64_t homes = 0;  // one bit a device
  };
  struct Cost {
    Nanos time = forever;  // forever: not able
    unsigned samples = 0;
  };

  const ReadyTask* decide(const LaneView& lane, const SchedView& view);
  void survey(const SchedView& view);
  void survey_class(Priority priority, const SchedView& view);
  Kind kind_of(std::span<const ReadyTask> tasks, const SchedView& view);
  void share_out(const Kind& kind, Nanos* ready_work) const;
  const ReadyTask* explore(const LaneView& lane, const SchedView& view) const;
  const ReadyTask* at_home(const LaneView& lane, const ReadyTask* bound,
                           const SchedView& view) const;
  const ReadyTask* help_out(const LaneView& lane, const SchedView& view);
  const ReadyTask* to_help_with(const Kind& kind, const LaneView& lane,
                                const SchedView& view) const;

  // Whether a lane that is better at it is at work on the same cores: helping would only slow that
  // one down.
  bool would_displace(const Kind& kind, const LaneView& lane, const SchedView& view) const noexcept;
  bool may_be_home(const Kind& kind, std::size_t device) const noexcept;
  static bool is_home(const Kind& kind, std::size_t device) noexcept {
    return (kind.homes >> device & 1) != 0;
  }
  bool is_sooner_elsewhere(const Kind& kind, Nanos here) const noexcept;
  Nanos finish_here(const Kind& kind, const ReadyTask& task, const LaneView& lane,
                    const SchedView& view) const;
  Nanos finish_elsewhere(const Kind& kind, std::size_t device) const noexcept;
  const Cost& cost(const Kind& kind, std::size_t device) const noexcept {
    return costs_[kind.costs + device];
  }

  Ageing ageing_;
  // What the last decision found, good for the next one as long as the view has not changed; of
  // classes below the one that decided, nothing.
  std::uint64_t version_ = 0;
  std::size_t classes_left_ = priority_classes;  // those below are not surveyed yet
  std::vector<DeviceLoad> devices_;
  std::vector<Kind> kinds_;  // of one class behind the other
  std::vector<Cost> costs_;
  struct Class {
    std::size_t begin = 0, end = 0;  // into kinds_
    std::vector<Nanos> ready_work;   // by device: until its lanes are through the tasks at home
                                     // there, of this class and those above
  };
  std::array<Class, priority_classes> classes_;
  const Class* class_ = nullptr;  // the one that is decided about
  std::span<const Kind> kinds() const noexcept {
    return std::span{kinds_}.subspan(class_->begin, class_->end - class_->begin);
  }
};

}  // namespace troika
