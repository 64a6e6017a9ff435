#include "runtime/exec/view.h"

#include <algorithm>

namespace troika {

void Executor::View::survey() const {
  stale_ = false;
  const auto& lanes = executor_.lanes_;
  if (lanes_.size() != lanes.size()) {
    lanes_.resize(lanes.size());
    sharing_.assign(lanes.size(), {});
    for (const Lane& lane : lanes) {
      const DeviceInfo& own = executor_.devices_[lane.device.value]->info();
      for (const Lane& other : lanes) {
        const DeviceInfo& theirs = executor_.devices_[other.device.value]->info();
        const bool shares = other.device != lane.device &&
                            std::any_of(own.cores.begin(), own.cores.end(), [&](unsigned core) {
                              return std::find(theirs.cores.begin(), theirs.cores.end(), core) !=
                                     theirs.cores.end();
                            });
        if (shares) sharing_[lane.id.value].push_back(other.id);
      }
      if (!sharing_[lane.id.value].empty())
        lanes_[lane.id.value].cores_taken =
            static_cast<double>(own.cores.size()) / static_cast<double>(own.lanes);
    }
  }
  for (const Lane& lane : lanes) {
    LaneView& view = lanes_[lane.id.value];
    view.id = lane.id;
    view.device = lane.device;
    view.open = lane.open && (executor_.away_devices() & bit(lane.device)) == 0;
    view.queued = lane.issued + lane.placed.size();
    const Nanos issued = lane.issued == 0 ? executor_.now_ : lane.busy_since + lane.issued_work;
    view.free_at = std::max(executor_.now_, issued) + lane.placed_work;
    view.shares_cores_with = sharing_[lane.id.value];
    view.brings_inputs = lane.space != host_space;
    view.horizon = executor_.horizon(lane);
  }
}

bool Executor::View::able(const ReadyTask& task, LaneId id) const noexcept {
  const Lane& lane = executor_.lane(id);
  if (!lane.open || lane.waits_for_room) return false;
  if (task.bound && task.bound != id) return false;
  return (task.able & bit(lane.device)) != 0;
}

RunOutlook Executor::View::outlook(const ReadyTask& task) const noexcept {
  const RunState& run = executor_.run_at(task.key.run);
  return {run.outlook.get(), run.submitted};
}

Prediction Executor::View::predict(const ReadyTask& task, LaneId id) const noexcept {
  const Lane& lane = executor_.lane(id);
  const Estimate& estimate = executor_.memo_.at(task.memo, lane.device);

  Prediction result;
  // Measured while other lanes may have been idle; a task that spreads over several cores takes
  // them from whoever else runs there.
  const double cores_taken = lanes()[id.value].cores_taken;
  result.execution =
      cores_taken == 1 ? estimate.time : from_seconds(to_seconds(estimate.time) * cores_taken);
  result.samples = samples_for(task.touches_first, estimate);
  result.exploring = executor_.exploring_[task.cost.kernel.value][lane.device.value] != 0;
  // The first link into the space: routes differ little beside the decision they inform.
  const auto& links = executor_.devices_[lane.device.value]->info().links;
  const auto link =
      std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.to == lane.space; });
  if (link == links.end()) return result;
  const RunState& run = executor_.run_at(task.key.run);
  for (const Arg& arg : run.args(TaskIndex{task.key.task})) {
    if (!arg.is_buffer) continue;
    const std::size_t bytes =
        run.buffers[arg.slot]->coherence.missing_bytes(arg.region, arg.access, lane.space);
    if (bytes != 0)
      result.transfer += executor_.links_.predict(
          link->from, link->to, bytes, executor_.pages_of(*run.buffers[arg.slot], lane.device));
  }
  return result;
}

}  // namespace troika
