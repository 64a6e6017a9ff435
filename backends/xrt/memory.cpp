#include "backends/xrt/xrt.h"
#include "runtime/device/check.h"

namespace troika::xrt {

Buffer::Buffer(std::shared_ptr<const Core> core, std::shared_ptr<Body> body) noexcept
    : Allocation{core->space, body->bytes(), core->space == host_space ? body->pages() : nullptr},
      core_{std::move(core)},
      body_{std::move(body)} {}

// What the body has in the card's memory goes when the driver thread next tidies up.
Buffer::~Buffer() { core_->budget.give_back(bytes()); }

const Buffer* Buffer::of(const Core& core, const Allocation* allocation) noexcept {
  const auto* const buffer = dynamic_cast<const Buffer*>(allocation);
  return buffer && buffer->core_.get() == &core ? buffer : nullptr;
}

Result<std::unique_ptr<Allocation>> XrtMemory::allocate(const AllocOp& op) {
  TROIKA_TRY(check_allocation(op, core_->name));
  TROIKA_TRY(core_->budget.take(op.bytes, op.bytes));
  auto body = core_->host_bank < 0 ? Body::make(op.bytes)
                                   : Body::make_on_host(core_->card.device(), core_->host_bank,
                                                        op.bytes, core_->name);
  if (!body.ok()) {
    core_->budget.give_back(op.bytes);
    return body.status();
  }
  return std::unique_ptr<Allocation>{std::make_unique<Buffer>(core_, *std::move(body))};
}

Result<std::unique_ptr<Allocation>> XrtMemory::attach(const Allocation&) {
  return Status{Code::unsupported,
                "attach: compute units of " + core_->name + " reach only what it allocated"};
}

}  // namespace troika::xrt
