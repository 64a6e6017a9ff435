#include "tests/sim/simulated.h"

#include <utility>

#include "backends/sim/workers.h"

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
  machine.links = {{"host", "dev0", 1e9, 10 * us, {}}, {"dev0", "host", 1e9, 10 * us, {}}};
  return machine;
}

Graph makes(const Buffer<Word>& of, std::size_t tasks) {
  const std::size_t words = of.size() / tasks;
  Graph graph;
  for (std::size_t t = 0; t < tasks; ++t) {
    const AnyArg args[] = {{Access::write, of.slice(t * words, words)}, Word{7}};
    graph.add("make", std::span<const AnyArg>{args});
  }
  return graph;
}

RuntimeParts simulated_parts(sim::World& world, std::vector<std::unique_ptr<Device>> devices,
                             HostLaneUse lane) {
  RuntimeParts parts;
  parts.environment = &world;
  auto workers = std::make_unique<SharedPool>(
      std::make_unique<sim::SimWorkers>(world, sim::SimWorkersOptions{2, 8, 5 * us}));
  parts.workers = workers.get();
  if (lane == HostLaneUse::yes) parts.shared = workers.get();
  parts.owned_workers = std::move(workers);
  parts.lane.idle_rounds = 0;  // what is to come does not come by waiting for other threads
  parts.devices = std::move(devices);
  return parts;
}

Simulated::Simulated(const sim::Machine& machine, SimulatedOptions options) : world{options.world} {
  auto opened = sim::open(world, machine, options.faults);
  for (auto& device : opened.devices)
    if (options.late.contains(device->info().name)) late[device->info().name] = std::move(device);
  std::erase(opened.devices, nullptr);
  runtime.emplace(simulated_parts(world, std::move(opened.devices), options.lane),
                  std::move(options.runtime));
  static const std::set<Word> none;
  Kernels::define(runtime->kernels(), world, std::move(options.spawned),
                  options.throws != nullptr ? *options.throws : none);
}

void Simulated::end() {
  if (!runtime) return;
  runtime.reset();
  for (const std::string& text : world.violations()) ADD_FAILURE() << text;
}

}  // namespace troika::oracle
