// A policy for graphs known beforehand: devices pull what their time is worth least for, as long as
// the whole graph still ends in time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "runtime/sched/outlook.h"
#include "runtime/sched/ready_span.h"

namespace troika {

// The dual prices of the plan turn "who is fastest at this" into "whose time is worth least for
// this". A task's affinity to a device is what it costs there by these prices over what it costs
// elsewhere: at most 1 where it belongs. One decision, class by class from the highest:
//   explore  a kernel that was hardly measured here gets samples, as LoadAware does it;
//   own      among kernels that no device is clearly faster at, first what nobody else who might
//            take it would end in time, then by order;
//   pull     among the others, by affinity: where it is at most 1, the first task that ends in time
//            here with the path behind it (the guard); else, or beyond 1, the last one, if the
//            faster devices would not get to it sooner;
//   or idle.
// Devices whose times differ by little count as one. docs/scheduling.md has more.
class AffinityPull final : public Policy {
 public:
  std::string_view name() const noexcept override { return "affinity_pull"; }
  bool looks_ahead() const noexcept override { return true; }
  void on_ready(const ReadyTask& task, const SchedView& view) override;
  std::optional<ReadyTask> next(LaneId lane, const SchedView& view) override;
  void on_done(const ReadyTask& task, LaneId lane, Nanos observed) override;

 private:
  struct Cell {
    double nanos = 0;
    unsigned samples = 0;
    bool known = false;  // nothing was observed there since it was asked for
  };
  using Row = std::vector<Cell>;  // what tasks of one kernel and size take, by device
  // How a lane's tasks take longer than expected. One by itself moves nothing: the measurement may
  // be wrong.
  struct Pace {
    double slowness = 1;
    std::array<double, 2> latest{1, 1};  // observed over expected

    void observe(double ratio) noexcept;
  };
  struct DeviceState {
    LaneId lane;  // an open one; none: no lane is open
    unsigned lanes = 0;
    double free_at = 0;    // the first of its lanes
    bool nothing = false;  // for an idle lane of it
  };
  // The ready tasks of one kernel and class.
  struct Kind {
    std::span<const ReadyTask> tasks;  // best first
    Row* row = nullptr;
    const Outlook* plan = nullptr;       // of the first of them; null: nothing is known
    const AlikeTasks* priced = nullptr;  // what they took when the prices were found
    std::uint64_t able = 0, fast = 0;    // one bit a device; fast: about as fast as the fastest
    double best = 0;                     // nanoseconds
    double worth_fast = 0;  // what one costs at the plan's prices: on the fast devices,
    double worth_slow = 0, worth_next = 0;  // on the cheapest two of the others
  };

  bool holds_off(const LaneView& lane, const SchedView& view) const noexcept;
  const ReadyTask* decide(const LaneView& lane, const SchedView& view);
  void survey_lanes(const SchedView& view);
  void survey_kinds(Priority priority, const SchedView& view);
  Kind kind_of(std::span<const ReadyTask> tasks, const SchedView& view);
  static double usual(const Kind& kind, std::size_t device) noexcept;
  static double worth(const Kind& kind, std::size_t device) noexcept;
  static double affinity(const Kind& kind, std::size_t device) noexcept;
  static bool is_urgent(const Kind& kind, std::size_t device, const SchedView& view) noexcept;
  const ReadyTask* explore(const LaneView& lane, const SchedView& view);
  const ReadyTask* own(const LaneView& lane, const ReadyTask* bound, const SchedView& view);
  const ReadyTask* pull(const LaneView& lane, const SchedView& view);
  static const ReadyTask* first_in_time(const Kind& kind, double end, const LaneView& lane,
                                        const SchedView& view);
  bool is_needed(const Kind& kind, const ReadyTask* before, double end) const;
  const Cell& cell(Row& row, const ReadyTask& task, std::size_t device,
                   const SchedView& view) const;
  Row& row_of(const CostKey& key);

  Ageing ageing_;
  std::vector<std::map<std::uint64_t, Row>> rows_;  // by kernel, then bytes
  std::vector<Pace> paces_;                         // by lane
  std::vector<DeviceId> device_of_;                 // by lane
  // What the last decision found, good for the next one as long as the view has not changed.
  std::uint64_t version_ = 0;
  Priority surveyed_ = Priority::low;  // the class of kinds_
  std::vector<DeviceState> devices_;
  std::vector<Kind> kinds_;
  std::vector<const Kind*> by_affinity_;
};

}  // namespace troika
