#include "runtime/exec/runtime.h"

#include <sstream>

namespace troika {

Runtime::Runtime(RuntimeParts parts, RuntimeOptions options)
    : core_{value_or_throw(RuntimeCore::create(std::move(parts), options.policy, options.seed,
                                               options.executor, std::move(options.devices)))} {}

Runtime::~Runtime() { core_->shut_down(); }

std::string Runtime::metrics() const {
  std::ostringstream text;
  write_prometheus(core_->metrics(), text);
  return text.str();
}

Status Run::wait_for(Nanos limit) const {
  return core_->wait(*state_, core_->environment().now() + limit);
}

void Run::cancel() const {
  if (!core_->usable().ok()) return;
  state_->cancel_requested.store(true, std::memory_order_relaxed);
  core_->executor().cancel(state_);
}

}  // namespace troika
