// A simulated GPU with a memory of its own as a subject of the conformance suite.
#include "backends/sim/hold.h"
#include "backends/sim/sim.h"
#include "tests/conformance/subject.h"

namespace troika::conformance {
namespace {

sim::Machine machine() {
  sim::Machine machine;
  machine.name = "conformance";
  sim::MachineDevice gpu;
  gpu.name = "gpu";
  gpu.kind = DeviceKind::gpu;
  gpu.count = 2;
  gpu.space = "gpu";
  gpu.memory_bytes = std::size_t{64} << 20;
  gpu.copy_queue = true;
  machine.devices = {gpu};
  machine.links = {{"host", "gpu", 1e9, Nanos{5'000}, {}}, {"gpu", "host", 1e9, Nanos{5'000}, {}}};
  return machine;
}

Result<Opening> open() {
  // As hostile as a correct device may be. The suite's host pages are not the simulator's, and its
  // spans reach beyond what a kernel writes.
  sim::WorldOptions options = sim::WorldOptions::adversarial(20'231'123);
  options.foreign_allocations = true;
  options.poison_writes = false;
  auto world = std::make_unique<sim::World>(options);
  Opening opening;
  opening.device = std::move(sim::open(*world, machine()).devices.front());
  opening.environment = std::move(world);
  return opening;
}

Result<KernelImage> image(SuiteKernel kernel) { return function_image(kernel, Dialect::sim); }

class SimGate final : public Gate {
 public:
  static Result<std::unique_ptr<Gate>> close(Opening& opening) {
    auto gate = std::make_unique<SimGate>(static_cast<sim::World&>(*opening.environment));
    TROIKA_ASSIGN(gate->kernel_, opening.device->load(sim::Hold::image(gate->hold_)));
    return std::unique_ptr<Gate>{std::move(gate)};
  }

  explicit SimGate(sim::World& world) : world_{world}, hold_{std::make_shared<sim::Hold>(world)} {}

  Result<Timepoint> hold(Queue& queue) override {
    return queue.launch({kernel_.get(), {}, {}, {}});
  }
  void wait_until_held() override {
    while (!hold_->holds() && world_.step()) {
    }
  }
  void open() override { hold_->release(); }

 private:
  sim::World& world_;
  std::shared_ptr<sim::Hold> hold_;
  std::unique_ptr<LoadedKernel> kernel_;
};

}  // namespace

const Subject& subject() {
  static const Subject sim{"sim", open, image, SimGate::close, {}};
  return sim;
}

}  // namespace troika::conformance
