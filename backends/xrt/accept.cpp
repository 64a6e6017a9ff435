// What a device refuses before anything is begun.
#include "backends/xrt/commands.h"
#include "runtime/device/check.h"

namespace troika::xrt {
namespace {

Status not_own(const Core& core, const char* verb) {
  return {Code::invalid_argument,
          std::string{verb} + ": an allocation that is not one of " + core.name + "'s"};
}

Result<bool> accept_launch(const Core& core, const StreamOperation& op) {
  const auto* const kernel = dynamic_cast<const XrtKernel*>(op.kernel);
  if (!kernel || kernel->core() != &core)
    return Status{Code::invalid_argument, "launch: a kernel that was not loaded by " + core.name};
  for (const KernelArg& arg : op.args.view())
    if (arg.is_buffer() && !Buffer::of(core, arg.span.in)) return not_own(core, "launch");
  TROIKA_TRY(check_launch(kernel->operation(), kernel->params(), op));
  return true;
}

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
    case StreamOperation::Kind::launch: return accept_launch(core, op);
    case StreamOperation::Kind::copy: return accept_copy(core, op);
    case StreamOperation::Kind::fill:
      if (!Buffer::of(core, op.to.in)) return not_own(core, "fill");
      TROIKA_TRY(check_span(op.to, "fill"));
      return true;
    case StreamOperation::Kind::hand_over: break;
  }
  if (!Buffer::of(core, op.to.in)) return not_own(core, "hand_over");
  TROIKA_TRY(check_span(op.to, "hand_over"));
  // Bytes on the card are the host's only after a copy.
  return core.host_bank >= 0;
}

}  // namespace troika::xrt
