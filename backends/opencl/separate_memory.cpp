// Memory that lies beside the host's: allocated here, reached by copies only.
#include "backends/opencl/opencl.h"
#include "runtime/device/check.h"

namespace troika::opencl {

// The one vendor call that the strand waits for here. PoCL answers in 0.2 to 5 µs, since it finds
// the bytes at their first use; a driver that finds them at once would hold the strand up. What is
// free is arithmetic.
Result<std::unique_ptr<Allocation>> SeparateMemory::allocate(const AllocOp& op) {
  TROIKA_TRY(check_allocation(op, core_->name));
  if (op.bytes > core_->allocation_max)
    return core_->budget.out_of_memory("allocation", op.bytes)
        .within("at most " + std::to_string(core_->allocation_max) + " bytes at once");
  TROIKA_TRY(core_->budget.take(op.bytes, op.bytes));
  auto made = Buffer::make(core_, op.bytes);
  if (!made.ok()) core_->budget.give_back(op.bytes);
  return made;
}

Result<std::unique_ptr<Allocation>> SeparateMemory::attach(const Allocation&) {
  return Status{Code::unsupported,
                "attach: no other device's bytes lie in the memory of " + core_->name};
}

}  // namespace troika::opencl
