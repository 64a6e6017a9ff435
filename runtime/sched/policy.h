// Who runs what next: a pure function of the ready tasks and the lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/sched/outlook.h"
#include "runtime/sched/ready_set.h"

namespace troika {

// Whoever explores wants so many samples of a kernel on a device: one alone may be a spike.
inline constexpr unsigned explore_samples = 3;

// A lane as policies see it: one worker of a device.
struct LaneView {
  LaneId id;
  DeviceId device;         // lanes of one device are alike
  bool open = true;        // false: lost or closed, takes nothing
  Nanos free_at{0};        // predicted end of all that is placed and issued here, never before now
  std::size_t queued = 0;  // tasks placed and issued here
  // How many of the cores that other devices run on too one task here keeps busy; 1 where none are
  // shared. Predictions contain it.
  double cores_taken = 1;
  bool brings_inputs = false;  // its memory is not the host's
  Nanos horizon{0};            // with less predicted work its queue may run dry
  // Other devices' lanes that run on the same cores; their backlog slows this one down.
  std::span<const LaneId> shares_cores_with;
};

struct Prediction {
  Nanos execution{0};
  Nanos transfer{0};       // moving and handing over inputs, as far as not already under way
  unsigned samples = 0;    // of this kernel on this device, in any size
  bool exploring = false;  // one of its first explore_samples there is under way
};

// Read-only; valid during one call.
class SchedView {
 public:
  // Differs whenever anything else here may have changed since; 0: nobody counts.
  virtual std::uint64_t version() const noexcept { return 0; }
  virtual Nanos now() const noexcept = 0;
  virtual std::span<const LaneView> lanes() const noexcept = 0;  // indexed by LaneId
  // What any able lane may take, by set_of(): one set a kernel, and one a device for what is
  // assigned to it; most are empty.
  virtual std::span<const ReadySet> ready() const noexcept = 0;
  virtual std::span<const ReadySetId> ready_sets() const noexcept = 0;  // those that are not empty
  // What only this lane may take, of all kernels.
  virtual const ReadySet& bound(LaneId lane) const noexcept = 0;
  // Whether the lane can take the task at all: an implementation, no ban, room, not bound
  // elsewhere.
  virtual bool able(const ReadyTask& task, LaneId lane) const noexcept = 0;
  virtual Prediction predict(const ReadyTask& task, LaneId lane) const noexcept = 0;
  // Of the task's run; only for policies that look ahead.
  virtual RunOutlook outlook(const ReadyTask&) const noexcept { return {}; }
  // Nanoseconds of all lanes that the tasks of all runs take which no lane has taken yet, by their
  // outlooks' prices.
  virtual double area_left() const noexcept { return 0; }

 protected:
  ~SchedView() = default;
};

// No clock, no locks, no I/O: the same calls give the same answers.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string_view name() const noexcept = 0;
  // Whether plans that other devices would not end sooner may go to the host lane, where nothing is
  // asked of a policy.
  virtual bool leaves_to_host_lane() const noexcept { return false; }
  // Whether it asks for the outlook of runs: plans then get one.
  virtual bool looks_ahead() const noexcept { return false; }
  // `task` has just been added to the ready sets; also when it was taken and put back.
  virtual void on_ready(const ReadyTask& task, const SchedView& view);
  // The ready task this lane should take now; none: leave it idle for the moment. To the policy the
  // task has then left the ready sets.
  virtual std::optional<ReadyTask> next(LaneId lane, const SchedView& view) = 0;
  // `task` left the ready sets otherwise than by next(): cancelled, failed, rebound.
  virtual void on_withdrawn(const ReadyTask& task);
  // It ran on `lane` and took this long.
  virtual void on_done(const ReadyTask& task, LaneId lane, Nanos observed);
};

// load_aware, affinity_pull, round_robin, least_loaded, least_connections, fastest_first,
// earliest_finish, random, eager. Code::not_found lists the names. `seed` is for random.
Result<std::unique_ptr<Policy>> make_policy(std::string_view name, std::uint64_t seed = 0);
std::span<const std::string_view> policy_names() noexcept;

}  // namespace troika
