// A kernel loaded on a simulated device.
#pragma once

#include "backends/sim/core.h"
#include "backends/sim/op.h"
#include "runtime/device/kernel.h"

namespace troika::sim {

class SimKernel final : public LoadedKernel {
 public:
  SimKernel(Core& core, const KernelImage& image);
  ~SimKernel() override;

  Core& core() const noexcept { return core_; }
  const std::shared_ptr<const KernelBody>& body() const noexcept { return body_; }
  const std::shared_ptr<InUse>& in_use() const noexcept { return in_use_; }

 private:
  Core& core_;
  const std::shared_ptr<const KernelBody> body_;
  const std::shared_ptr<InUse> in_use_ = std::make_shared<InUse>();
};

}  // namespace troika::sim
