#include "backends/sim/hold.h"

#include <utility>

namespace troika::sim {

KernelImage Hold::image(const std::shared_ptr<Hold>& hold) {
  KernelImage image;
  image.operation = "hold";
  image.dialect = Dialect::sim;
  image.function = {call, hold};
  return image;
}

Hold* Hold::of(const HostFunction& function) noexcept {
  if (function.call != call) return nullptr;
  // The state is const because kernels share it; this one was made from a Hold that is not.
  return const_cast<Hold*>(static_cast<const Hold*>(function.state.get()));
}

void Hold::add(World::Callback done) {
  if (released_) world_.after(Nanos{0}, std::move(done));
  else held_.push_back(std::move(done));
}

void Hold::release() {
  released_ = true;
  for (World::Callback& done : std::exchange(held_, {})) world_.after(Nanos{0}, std::move(done));
}

}  // namespace troika::sim
