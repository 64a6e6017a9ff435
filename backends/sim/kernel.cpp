#include "backends/sim/kernel.h"

namespace troika::sim {

SimKernel::SimKernel(Core& core, const KernelImage& image)
    : core_{core},
      body_{std::make_shared<const KernelBody>(
          KernelBody{image.operation, image.params, image.function})} {}

SimKernel::~SimKernel() {
  if (in_use_->operations != 0)
    core_.world().ledger().violate(core_.spec().name + " destroys kernel " + body_->operation +
                                   ", of which launches are in flight");
}

}  // namespace troika::sim
