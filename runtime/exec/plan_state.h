// A compiled graph with everything that does not change from run to run.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/exec/buffer_state.h"
#include "runtime/exec/device_table.h"
#include "runtime/exec/lane_choice.h"
#include "runtime/exec/outlook_trial.h"
#include "runtime/graph/task_graph.h"
#include "runtime/sched/cost_model.h"
#include "runtime/sched/outlook.h"

namespace troika {

struct LanePlan;
class UseOrder;

// One bit a device.
using DeviceMask = std::uint64_t;
constexpr DeviceMask bit(DeviceId device) noexcept { return DeviceMask{1} << device.value; }

struct PlanState {
  void set_run_slots(std::uint32_t count) noexcept;

  // What tasks of one operation, size, shape and choice of devices have in common.
  struct Kind {
    CostKey cost;
    Work work;
    LaunchShape shape;
    DeviceMask able = 0;          // devices with a loaded implementation that are not banned
    std::uint32_t operation = 0;  // index into `operations`
    std::uint32_t choice = 0;     // index into `choices`
    std::uint32_t memo = 0;       // its row of predictions

    friend bool operator==(const Kind&, const Kind&) = default;
  };
  struct OperationOn {
    const Operation* operation;
    KernelId kernel;
    // By device, with room for all that may come; nothing where the executor serves the operation
    // itself.
    std::vector<const LoadedKernel*> loaded;  // null where there is none
    std::vector<const KernelImage*> images;   // beside it
    std::vector<Status> why;                  // beside it: why there is none

    // Whether successors may be queued behind a task before its outcome is known. Not behind one
    // that submits sub-graphs, whose end is not its result's; nor behind a host function, which may
    // throw, since a host function behind it would be called on what it left.
    bool takes_followers(DeviceId device) const noexcept {
      return !spawns(device) && images[device.value]->dialect != Dialect::host;
    }
    // A task that may submit sub-graphs is not over when its kernel is.
    bool spawns(DeviceId device) const noexcept { return images[device.value]->spawns; }
    bool rerunnable(DeviceId device) const noexcept {
      const Dialect dialect = images[device.value]->dialect;
      return operation->rerunnable(dialect) && !spawns(device);
    }
  };

  // What the options of a task allow, by names.
  struct Choice {
    std::vector<std::string> only;  // empty: all
    std::vector<std::string> never;

    bool allows(const DeviceInfo& device) const noexcept {
      return !device.is_among(never) && (only.empty() || device.is_among(only));
    }
    friend bool operator==(const Choice&, const Choice&) = default;
  };
  // Whether its runs go to the host lane: all do where no other device is able.
  enum class LaneUse : std::uint8_t { never, as_found, always };

  const Kind& kind(TaskIndex task) const noexcept { return kinds[kind_of[task.value]]; }
  const OperationOn& operation(TaskIndex task) const noexcept {
    return operations[kind(task).operation];
  }
  std::size_t size() const noexcept { return kind_of.size(); }
  // Of what this class keeps by task.
  std::size_t bytes() const noexcept {
    return kinds.size() * sizeof(Kind) + kind_of.size() * (sizeof(std::uint32_t) + sizeof(Nanos));
  }

  std::shared_ptr<const TaskGraph> graph;
  std::vector<Kind> kinds;
  std::vector<std::uint32_t> kind_of;  // by task: index into `kinds`
  std::vector<Nanos> ranks;            // by task
  std::vector<OperationOn> operations;
  std::vector<Choice> choices{{}};       // different ones; the first is to allow all
  std::shared_ptr<const LanePlan> lane;  // null: runs go to the strand
  std::atomic<LaneUse> lane_use{LaneUse::never};
  mutable LaneChoice lane_choice;  // which way, where that is to be found out
  bool spawns = false;             // some kernel of it may submit sub-graphs
  std::uint32_t run_slots = 8;     // runs of it under way at once; more wait for admission
  // So many of the runtime's devices it knows. What was here with the first of them anybody may
  // read; what devices that came later change in `kinds`, under the executor's lock.
  std::atomic<std::size_t> devices{0};

  // Strand, and look_out() under the executor's lock.
  std::shared_ptr<const Outlook> outlook;  // null: tasks go by the policy alone
  std::uint64_t outlook_made_at = 0;       // observations of the cost model by then
  bool optimized = false;                  // by a search: it is kept
  OutlookTrial trial;

  // Strand only.
  std::shared_ptr<const UseOrder> uses;  // made when something has to be evicted; null before
  std::uint32_t active_runs = 0;
  PlanState* counts_in = this;    // of a lane's whole: its plan, of which these are runs too
  std::vector<BufferId> refined;  // by slot: the buffer whose cells fit this plan's views already
  std::vector<std::vector<std::shared_ptr<BufferState>>> idle_scratch;  // of finished runs
};

}  // namespace troika
