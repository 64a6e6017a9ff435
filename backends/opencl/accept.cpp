// What a device refuses before anything is enqueued.
#include "backends/opencl/commands.h"
#include "runtime/device/check.h"

namespace troika::opencl {
namespace {

Status not_own(const Core& core, const char* verb) {
  return {Code::invalid_argument,
          std::string{verb} + ": an allocation that is not one of " + core.name + "'s"};
}

Result<bool> accept_launch(const Core& core, const StreamOperation& op) {
  const auto* const kernel = dynamic_cast<const ClKernel*>(op.kernel);
  if (!kernel || kernel->core() != &core)
    return Status{Code::invalid_argument, "launch: a kernel that was not loaded by " + core.name};
  for (const KernelArg& arg : op.args.view())
    if (arg.is_buffer() && !Buffer::of(core, arg.span.in)) return not_own(core, "launch");
  TROIKA_TRY(check_launch(kernel->operation(), kernel->params(), op));
  return true;
}

Result<bool> accept_hand_over(const Core& core, const StreamOperation& op) {
  const Buffer* const buffer = Buffer::of(core, op.to.in);
  if (!buffer) return not_own(core, "hand_over");
  TROIKA_TRY(check_span(op.to, "hand_over"));
  // The host has no hands there, or they are where the device's are.
  if (!buffer->host() || !buffer->memory()) return false;
  const std::size_t begin = op.to.offset, end = op.to.end();
  const auto forget = [](const MappedRange&) {};
  const std::scoped_lock lock{buffer->asked_mutex()};
  MappedRanges& asked = buffer->asked();
  if (op.towards == Towards::host) {
    if (asked.hold(begin, end, op.will_write)) return false;
    asked.add(asked.widen(begin, end, op.will_write, forget));
    return true;
  }
  if (!asked.touch(begin, end)) return false;
  asked.take(begin, end, forget);
  return true;
}

}  // namespace

Result<bool> accept_command(const Core& core, const StreamOperation& op) {
  switch (op.kind) {
    case StreamOperation::Kind::launch: return accept_launch(core, op);
    case StreamOperation::Kind::hand_over: return accept_hand_over(core, op);
    case StreamOperation::Kind::fill:
      if (!Buffer::of(core, op.to.in)) return not_own(core, "fill");
      TROIKA_TRY(check_span(op.to, "fill"));
      return true;
    case StreamOperation::Kind::copy: break;
  }
  TROIKA_TRY(check_span(op.from, "copy"));
  TROIKA_TRY(check_span(op.to, "copy"));
  const bool reads = Buffer::of(core, op.from.in) || op.from.in->host();
  const bool writes = Buffer::of(core, op.to.in) || op.to.in->host();
  if (!reads || !writes || (!Buffer::of(core, op.from.in) && !Buffer::of(core, op.to.in)))
    return Status{Code::unsupported, "copy: " + core.name + " cannot reach both ends"};
  return true;
}

}  // namespace troika::opencl
