// One execution of a LaneGraph: its counts, allocated once and used again by every replay.
#pragma once

#include <atomic>
#include <memory>

#include "runtime/exec/host_lane_count.h"
#include "runtime/exec/host_lane_graph.h"
#include "runtime/exec/host_lane_mail.h"

namespace troika {

enum class LaneOutcome : std::uint8_t {
  done,
  failed,  // all that follow are skipped
  later,   // over when HostLane::complete() is told so
};

// What a run does with its tasks. Called on workers, several at once; `state` is the caller's.
struct LaneBody {
  void* state = nullptr;
  LaneOutcome (*run)(void* state, std::uint32_t task, unsigned worker) noexcept = nullptr;
  // A task that is not run because one before it failed or because the run was cancelled. May be
  // null.
  void (*skipped)(void* state, std::uint32_t task) noexcept = nullptr;
  // Called once, last of all: every task is over. The run may be started again or destroyed here.
  void (*over)(void* state) noexcept = nullptr;
};

// Started by HostLane::start(), and then busy until LaneBody::over is called. The graph outlives
// it.
class LaneRun {
 public:
  explicit LaneRun(const LaneGraph& graph)
      : graph_{&graph}, counts_{new LaneCount<>[graph.tasks() + 1]} {
    for (std::uint32_t task = 0; task < graph.tasks(); ++task) {
      counts_[task].set_predecessors(graph.predecessors(task));
    }
  }
  LaneRun(const LaneRun&) = delete;
  LaneRun& operator=(const LaneRun&) = delete;

  const LaneGraph& graph() const noexcept { return *graph_; }
  // What a run of the graph occupies.
  static std::size_t bytes_for(const LaneGraph& graph) noexcept {
    return sizeof(LaneRun) + sizeof(LaneCount<>) * (graph.tasks() + 1);
  }

  // Any thread, while the run is busy: tasks that have not begun are skipped.
  void cancel() noexcept { trouble_.fetch_or(cancelled, std::memory_order_relaxed); }

 private:
  friend class HostLane;
  friend class LaneWorker;
  template <class Run, class Atomics>
  friend class LaneMailbox;

  static constexpr unsigned cancelled = 1, failed = 2;

  const LaneGraph* graph_;
  std::unique_ptr<LaneCount<>[]> counts_;  // per task, and one for the root
  LaneBody body_;
  std::atomic<unsigned> trouble_{0};  // read once per task; almost always 0
  LaneMail<LaneRun> mail_;

  // Tasks not yet over, the root among them; workers subtract what they did in bursts.
  alignas(64) std::atomic<std::uint32_t> remaining_{0};
};

}  // namespace troika
