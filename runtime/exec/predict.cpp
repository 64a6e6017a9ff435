// A plan's course as the cost model sees it now.
#include "runtime/exec/executor.h"
#include "runtime/exec/planned_costs.h"
#include "runtime/exec/view.h"

namespace troika {
namespace {

// Costs as they were at one moment: the model goes on learning while the forecast is made.
class CostTable final : public TaskCosts {
 public:
  CostTable(const PlanState& plan, const TaskCosts& costs, DeviceMask open,
            std::span<const double> cores_taken)  // by device
      : plan_{plan}, devices_{costs.devices()} {
    times_.reserve(plan.size() * devices_);
    for (std::uint32_t t = 0; t < plan.size(); ++t)
      for (std::uint32_t d = 0; d < devices_; ++d) {
        std::optional<Nanos>& time = times_.emplace_back();
        if ((open & bit(DeviceId{d})) != 0) time = costs.time(TaskIndex{t}, DeviceId{d});
        if (time) time = from_seconds(to_seconds(*time) * cores_taken[d]);
      }
  }

  std::size_t devices() const noexcept override { return devices_; }
  std::optional<Nanos> time(TaskIndex task, DeviceId device) const override {
    return times_[task.value * devices_ + device.value];
  }
  CostKey key(TaskIndex task) const override { return plan_.kind(task).cost; }

 private:
  const PlanState& plan_;
  const std::size_t devices_;
  std::vector<std::optional<Nanos>> times_;  // by task, then device
};

}  // namespace

Result<Forecast> Executor::predict(const PlanState& plan, Policy& policy, DeviceMask among) const {
  std::optional<CostTable> costs;
  std::vector<ForecastLane> lanes;
  {
    const std::scoped_lock lock{shared_};
    view_->refresh();
    std::vector<double> cores_taken(devices_.size(), 1);
    for (const LaneView& lane : view_->lanes()) {
      cores_taken[lane.device.value] = lane.cores_taken;
      lanes.push_back({lane.device,
                       {lane.shares_cores_with.begin(), lane.shares_cores_with.end()},
                       lane.cores_taken});
    }
    costs.emplace(plan, PlannedCosts{plan, memo_, devices_.size()},
                  open_devices() & ~away_devices() & among, cores_taken);
  }
  return forecast(*plan.graph, *costs, lanes, policy);
}

}  // namespace troika
