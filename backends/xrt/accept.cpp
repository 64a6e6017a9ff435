// What a device refuses before anything is begun.
#include "backends/xrt/commands.h"
#include "runtime/device/check.h"

namespace troika::xrt {
namespace {

Result<bool> accept_copy(const Core& core, const StreamOperation& op) {
  TROIKA_TRY(check_span(op.from, "copy"));
  TROIKA_TRY(check_span(op.to, "copy"));
  const bool from = Buffer::of(core, op.from.in), to = Buffer::of(core, op.to.in);
  if ((!from && !op.from.in->host()) || (!to && !op.to.in->host()) || (!from && !to))
    return Status{Code::unsupported, "copy: " + core.name + " cannot reach both ends"};
  return true;
}

}  // namespace

Result<bool> accept_command(const Core& core, const StreamOperation& op) {
  switch (op.kind) {
    case StreamOperation::Kind::launch:
      TROIKA_TRY((check_own_launch<XrtKernel, Buffer>(core, op)));
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
  // Bytes on the card are the host's only after a copy.
  return core.host_bank >= 0;
}

}  // namespace troika::xrt
