#include "backends/sim/device.h"

#include <algorithm>

#include "backends/sim/kernel.h"
#include "backends/sim/queue.h"
#include "backends/sim/sim.h"

namespace troika::sim {

Result<std::unique_ptr<LoadedKernel>> SimDevice::load(const KernelImage& image) {
  TROIKA_TRY(core_.alive());
  const auto& dialects = core_.info().dialects;
  if (std::find(dialects.begin(), dialects.end(), image.dialect) == dialects.end())
    return Status{Code::unsupported, "load of " + image.operation + ": " + core_.spec().name +
                                         " does not take dialect " +
                                         std::string{name_of(image.dialect)}};
  if (image.function.call == nullptr && core_.world().options().contents)
    return Status{Code::kernel_failed,
                  "load of " + image.operation + ": an image without a function computes nothing"};
  return std::unique_ptr<LoadedKernel>{std::make_unique<SimKernel>(core_, image)};
}

Result<std::unique_ptr<Queue>> SimDevice::create_queue(QueueId id, QueueUse use, unsigned lane,
                                                       QueueListener& listener) {
  TROIKA_TRY(core_.alive());
  const std::string what = "create_queue on " + core_.spec().name + ": ";
  if (use == QueueUse::copy && !core_.spec().copy_queue)
    return Status{Code::unsupported, what + "it has no copy queue"};
  if (use == QueueUse::compute && lane >= core_.spec().count)
    return Status{Code::out_of_range, what + "lane " + std::to_string(lane) + " of " +
                                          std::to_string(core_.spec().count)};
  if (const Stream* twin = core_.find(id); twin != nullptr && !twin->closed())
    return Status{Code::invalid_argument, what + "queue " + std::to_string(id.value) + " exists"};
  auto stream = std::make_unique<Stream>(core_, id, use, lane, listener);
  std::unique_ptr<Queue> queue = std::make_unique<SimQueue>(core_, *stream);
  core_.add(std::move(stream));
  return queue;
}

Opened open(World& world, const Machine& machine, const FaultPlan& plan) {
  Opened opened;
  const auto fabric = std::make_shared<Fabric>(world, machine);
  for (const MachineDevice& spec : machine.devices) {
    auto core = std::make_shared<Core>(fabric, spec, plan);
    opened.devices.push_back(std::make_unique<SimDevice>(*core));
    world.keep(std::move(core));
  }
  return opened;
}

struct HostAccess::State {
  World& world;
  std::shared_ptr<Block> block;
  Actor actor;
  Rect rect;
  Touch touch;
};

HostAccess::HostAccess(World& world, const Span2D& span, Access access) {
  if (!world.ledger().is_live(span.in)) {
    world.ledger().violate("the host uses an allocation that does not exist");
    return;
  }
  const auto& in = static_cast<const SimAllocation&>(*span.in);
  const std::uint64_t moment = world.ledger().moment();
  state_ = std::make_unique<State>(State{
      world, in.block(), Actor{"the host's own code", 0, moment, moment},
      Rect{in.base() + span.offset, span.row_bytes, span.rows, span.pitch}, touch_of(access)});
  state_->block->begin(state_->actor, state_->rect, state_->touch);
}

HostAccess::~HostAccess() {
  if (state_) state_->block->end(state_->actor, state_->rect, state_->touch, no_failure);
}

std::string why_stalled(const Opened& opened) {
  std::string text;
  for (const auto& device : opened.devices)
    text += static_cast<const SimDevice&>(*device).core().describe();
  return text;
}

}  // namespace troika::sim
