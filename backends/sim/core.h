// The innards of a simulated device: its fate, its lanes, its streams. Lives as long as the world.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/sim/fabric.h"
#include "backends/sim/faults.h"

namespace troika::sim {

class Stream;

class Core {
 public:
  Core(std::shared_ptr<Fabric> fabric, const MachineDevice& spec, const FaultPlan& plan);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  World& world() noexcept { return fabric_->world(); }
  Fabric& fabric() noexcept { return *fabric_; }
  Space& space() noexcept { return fabric_->space(info_.space); }
  const MachineDevice& spec() const noexcept { return spec_; }
  const DeviceInfo& info() const noexcept { return info_; }
  // As the checks see it: 0 for the host and whoever is coherent with it.
  unsigned agent() const noexcept { return agent_; }

  // ok, or Code::device_lost; the caller then knows.
  Status alive();
  bool lost() const noexcept { return lost_; }
  bool hung() const noexcept { return hung_; }
  FailureId failure() const noexcept { return failure_; }
  void lose();

  // Counts, and lets strike what was planned for this one.
  bool allocation_fails();
  // Whether the launch that begins now on `stream` fails at its end.
  bool launch_fails(Stream& stream);
  // Whether the copy that begins now does so.
  bool copy_fails();
  Nanos kernel_time(const std::string& kernel, std::size_t bytes);

  void add(std::unique_ptr<Stream> stream);
  // Forgets a stream that is idle; any other stays, for its operations go on.
  void drop(Stream& stream);
  // An open one rather than one whose Queue is gone; null when it was dropped.
  Stream* find(QueueId queue) noexcept;
  // Starts whatever can start.
  void pump();
  std::vector<bool>& lane_busy() noexcept { return lane_busy_; }
  // What waits for what, for a person.
  std::string describe() const;

 private:
  void plan_timed_faults();
  void strike(const Fault& fault, Stream* stream);
  bool strikes(FaultKind kind, std::uint64_t nth);
  double spread();

  std::shared_ptr<Fabric> fabric_;
  const MachineDevice spec_;
  DeviceInfo info_;
  unsigned agent_ = 0;
  std::vector<Fault> faults_;  // of this device
  Rng rng_;
  std::uint64_t launches_ = 0;
  std::uint64_t copies_ = 0;
  std::uint64_t allocations_ = 0;
  double slowness_ = 1;
  bool lost_ = false;
  bool hung_ = false;
  FailureId failure_ = no_failure;  // of the loss
  std::vector<bool> lane_busy_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::size_t next_stream_ = 0;  // the first to be looked at: no queue of a lane starves another
};

}  // namespace troika::sim
