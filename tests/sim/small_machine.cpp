#include "tests/sim/small_machine.h"

namespace troika::oracle {

sim::Machine small_machine() {
  sim::Machine machine;
  machine.name = "small";
  sim::MachineDevice host, device;
  host.name = host.costs = "host";
  host.count = 2;
  host.is_host = true;
  device.name = device.costs = device.space = "dev0";
  device.kind = DeviceKind::gpu;
  device.copy_queue = true;
  machine.devices = {host, device};
  machine.links = {{"host", "dev0", 1e9, Nanos{10'000}, {}},
                   {"dev0", "host", 1e9, Nanos{10'000}, {}}};
  return machine;
}

}  // namespace troika::oracle
