#include "tests/sim/random_case.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <stdexcept>

#include "backends/sim/sim.h"

namespace troika::oracle {
namespace {

constexpr Kernel<void(Write<Word>, Word)> make{"make"};
constexpr Kernel<void(Read<Word>, Write<Word>, Word)> map_one{"map"};
constexpr Kernel<void(Read<Word>, Update<Word>, Word)> mix{"mix"};
constexpr Kernel<void(Read<Word>, Read<Word>, Write<Word>, Word)> join{"join"};
constexpr Kernel<void(Commute<Word>, Word)> bump{"bump"};
constexpr Kernel<void(Update<Word>, Update<Word>, Word)> swirl{"swirl"};
constexpr Kernel<void(Read<Word>, Update<Word>, Word)> split{"split"};

// A host function that the host lane may call on the bytes themselves; the host's queues call it on
// copies, which the world knows nothing of and need not.
struct Watched {
  sim::World& world;
  std::vector<Param> params;
  HostFunction function;
  const std::set<Word>& throws;

  static void call(const void* state, const HostCall& call) {
    const auto& self = *static_cast<const Watched*>(state);
    std::deque<sim::HostAccess> accesses;
    for (std::size_t i = 0; i < call.args.size(); ++i)
      if (call.args[i].is_buffer() && self.world.ledger().is_live(call.args[i].span.in))
        accesses.emplace_back(self.world, call.args[i].span, self.params[i].access);
    self.function.call(self.function.state.get(), call);
    if (self.throws.contains(call.args.back().scalar.as<Word>()))
      throw std::runtime_error{"drawn to throw"};
  }
};

}  // namespace

sim::Machine draw_machine(Random& random, bool tight) {
  sim::Machine machine;
  machine.name = "drawn";
  sim::MachineDevice host;
  host.name = "host";
  host.count = static_cast<unsigned>(random.between(1, 4));
  host.is_host = true;
  host.costs = "host";
  machine.devices.push_back(host);
  const std::size_t others = random.between(0, 3);
  for (std::size_t i = 0; i < others; ++i) {
    sim::MachineDevice device;
    device.name = "dev" + std::to_string(i);
    device.costs = device.name;
    device.kind = random.chance(0.3) ? DeviceKind::fpga : DeviceKind::gpu;
    device.measures = random.chance(0.7);
    device.recalls = random.chance(0.5);
    device.queue_capacity = random.chance(0.2) ? random.between(4, 12) : 1024;
    device.launch_latency = Nanos{static_cast<Nanos::rep>(random.below(20'000))};
    if (random.chance(0.4)) {
      device.space = "host";
      device.coherent = random.chance(0.3);
    } else {
      device.space = device.name;
      device.copy_queue = random.chance(0.6);
      device.count = random.chance(0.2) ? 2 : 1;
      if (tight && random.chance(0.7)) device.memory_bytes = random.between(4, 24) * 512;
      for (const bool out : {false, true}) {
        sim::MachineLink link;
        link.from = out ? device.space : "host";
        link.to = out ? "host" : device.space;
        link.bytes_per_second = 1e8 * static_cast<double>(random.between(1, 100));
        link.latency = Nanos{static_cast<Nanos::rep>(random.below(30'000))};
        link.shares = {"bus"};
        machine.links.push_back(link);
      }
      for (std::size_t other = 0; other < i; ++other) {
        const std::string& peer = machine.devices[other + 1].space;
        if (peer == "host" || !random.chance(0.4)) continue;
        machine.links.push_back({peer, device.space, 5e9, Nanos{5'000}, {}});
        machine.links.push_back({device.space, peer, 5e9, Nanos{5'000}, {}});
      }
    }
    machine.devices.push_back(device);
  }
  machine.shared_links.push_back({"bus", 8e9});
  for (const char* kernel : {"make", "map", "mix", "join", "bump", "swirl", "split"})
    for (const sim::MachineDevice& device : machine.devices)
      machine.costs.push_back({kernel, device.costs, 0,
                               Nanos{static_cast<Nanos::rep>(random.between(1'000, 200'000))},
                               Nanos{static_cast<Nanos::rep>(random.below(5'000))}});
  return machine;
}

void Kernels::define(KernelRegistry& registry, sim::World& world,
                     std::function<void(TaskContext&, Word salt)> spawned,
                     const std::set<Word>& throws) {
  const auto add = [&](auto builder) {
    Operation operation = builder.take();
    KernelImage on_host = operation.images.front();
    on_host.dialect = Dialect::host;
    on_host.function = {Watched::call, std::make_shared<const Watched>(Watched{
                                           world, on_host.params, on_host.function, throws})};
    operation.images.push_back(std::move(on_host));
    operation.idempotent = true;
    throw_if_failed(registry.define(std::move(operation)));
  };
  add(troika::define(make).sim(do_make));
  add(troika::define(map_one).sim(do_map));
  add(troika::define(mix).sim(do_mix));
  add(troika::define(join).sim(do_join));
  add(troika::define(bump).sim(do_bump));
  add(troika::define(swirl).sim(do_swirl));
  add(troika::define(split).sim([spawned = std::move(spawned)](TaskContext& context,
                                                               HostView<const Word> in,
                                                               HostView<Word> out, Word salt) {
    do_mix(in, out, salt);
    spawned(context, salt);
  }));
}

}  // namespace troika::oracle
