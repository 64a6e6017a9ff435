// What a device refuses before anything is enqueued.
#include "backends/opencl/commands.h"
#include "runtime/device/check.h"

namespace troika::opencl {
namespace {

Result<bool> accept_hand_over(const Core& core, const StreamOperation& op) {
  const Buffer* const buffer = Buffer::of(core, op.to.in);
  if (!buffer) return not_own("hand_over", core.name);
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
    case StreamOperation::Kind::launch:
      TROIKA_TRY((check_own_launch<ClKernel, Buffer>(core, op)));
      return true;
    case StreamOperation::Kind::hand_over: return accept_hand_over(core, op);
    case StreamOperation::Kind::fill:
      if (!Buffer::of(core, op.to.in)) return not_own("fill", core.name);
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
