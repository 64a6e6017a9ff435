// What a device refuses before anything is enqueued.
#include "backends/cuda/commands.h"
#include "runtime/device/check.h"

namespace troika::cuda {
namespace {

// The host's, this device's, or another CUDA device's.
bool within_reach(const Allocation& allocation) noexcept {
  return allocation.host() || Buffer::of(&allocation);
}

Result<bool> accept_copy(const Core& core, const StreamOperation& op) {
  TROIKA_TRY(check_span(op.from, "copy"));
  TROIKA_TRY(check_span(op.to, "copy"));
  if (!within_reach(*op.from.in) || !within_reach(*op.to.in) ||
      (!Buffer::of(core, op.from.in) && !Buffer::of(core, op.to.in)))
    return Status{Code::unsupported, "copy: " + core.name + " cannot reach both ends"};
  return true;
}

}  // namespace

Result<bool> accept_command(const Core& core, const StreamOperation& op) {
  switch (op.kind) {
    case StreamOperation::Kind::launch:
      TROIKA_TRY((check_own_launch<CudaKernel, Buffer>(core, op)));
      return true;
    case StreamOperation::Kind::copy: return accept_copy(core, op);
    case StreamOperation::Kind::fill:
      if (!Buffer::of(core, op.to.in)) return not_own("fill", core.name);
      TROIKA_TRY(check_span(op.to, "fill"));
      return true;
    case StreamOperation::Kind::hand_over: break;
  }
  if (!Buffer::of(core, op.to.in)) return not_own("hand_over", core.name);
  TROIKA_TRY(check_span(op.to, "hand_over"));
  return false;
}

}  // namespace troika::cuda
