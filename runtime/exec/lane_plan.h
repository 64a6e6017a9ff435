// A plan that only the host can run, laid out for the host lane.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "runtime/device/kernel.h"
#include "runtime/exec/host_lane_run.h"
#include "runtime/exec/plan_state.h"

namespace troika {

// Eligible: the host can run every task, none has a timeout or a deadline, all are one
// tenant's, and no kernel submits
// sub-graphs that might leave their bytes on another device. To the strand a run of it is one task
// that touches everything the plan touches.
struct LanePlan {
  struct Task {
    const KernelImage* image;
    std::uint32_t first_arg;  // in the task graph's flat arguments
    std::uint16_t arg_count;
    std::uint16_t retries;  // of a call that fails and leaves its inputs as they were
  };

  // Null when the plan is not eligible. `alone`: no other device may run kernels.
  static Result<std::shared_ptr<const LanePlan>> make(PlanState& plan,
                                                      const KernelRegistry& registry, DeviceId host,
                                                      bool alone);

  LaneGraph graph;
  std::vector<Task> tasks;
  std::shared_ptr<PlanState> whole;  // the one task, in the plan's slots
  bool restarts;                     // all of it may be done once more after a failure

  // Counts of finished runs, for the next ones.
  struct Idle {
    std::mutex mutex;  // protects runs
    std::vector<std::unique_ptr<LaneRun>> runs;
  };
  std::unique_ptr<Idle> idle = std::make_unique<Idle>();
};

}  // namespace troika
