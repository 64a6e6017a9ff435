// Makes the devices of a machine that nobody need own.
#pragma once

#include "backends/sim/faults.h"
#include "backends/sim/machine.h"
#include "backends/sim/world.h"
#include "runtime/device/device.h"

namespace troika::sim {

// Devices in the machine's order. The space called "host" is host_space, the others count from 1 in
// the order they are first named. The world outlives the devices; faults strike as planned.
Opened open(World& world, const Machine& machine, const FaultPlan& plan = {});

// What the host's own code does to bytes of the host's space (a caller's thread, a test): checked
// from construction to destruction like an operation of the host's. Other accesses go unseen.
class HostAccess {
 public:
  HostAccess(World& world, const Span2D& span, Access access);
  HostAccess(const HostAccess&) = delete;
  HostAccess& operator=(const HostAccess&) = delete;
  ~HostAccess();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What the devices of the world still have in flight and why: for the report of a stall.
std::string why_stalled(const Opened& opened);

}  // namespace troika::sim
