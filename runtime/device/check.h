// What a device refuses before anything is enqueued or taken, whoever its vendor is.
#pragma once

#include <span>
#include <string_view>

#include "runtime/device/kernel.h"
#include "runtime/device/memory.h"
#include "runtime/device/stream.h"

namespace troika {

// The most that a device's own memory is aligned to.
inline constexpr std::size_t alignment_max = 4096;

// No bytes, or an alignment that is no power of two or beyond `alignment_max`.
Status check_allocation(const AllocOp& op, std::string_view device);

// Rows that are empty, overlap, or end beyond their allocation.
Status check_span(const Span2D& span, std::string_view verb);

// Arguments that are not the parameters', buffers that end beyond their allocation, no work-items.
Status check_launch(std::string_view operation, std::span<const Param> params,
                    const StreamOperation& op);

// Of a verb that was given memory which is not the device's.
Status not_own(std::string_view verb, std::string_view device);

// What every device asks of a launch: a kernel and buffers of its own, and check_launch(). Kernel
// and Buffer are the backend's, Core what both belong to.
template <class Kernel, class Buffer, class Core>
Status check_own_launch(const Core& core, const StreamOperation& op) {
  const auto* const kernel = dynamic_cast<const Kernel*>(op.kernel);
  if (!kernel || kernel->core() != &core)
    return {Code::invalid_argument, "launch: a kernel that was not loaded by " + core.name};
  for (const KernelArg& arg : op.args.view())
    if (arg.is_buffer() && !Buffer::of(core, arg.span.in)) return not_own("launch", core.name);
  return check_launch(kernel->operation(), kernel->params(), op);
}

// How a copy or a fill may be cut: into one row where no bytes lie between its rows, or row by row.
inline bool rows_touch(const Span2D& span) noexcept {
  return span.rows == 1 || span.pitch == span.row_bytes;
}
inline Span2D as_row(const Span2D& span) noexcept {
  return {span.in, span.offset, span.bytes(), 1, 0};
}
inline Span2D row_of(const Span2D& span, std::size_t row) noexcept {
  return {span.in, span.offset + row * span.pitch, span.row_bytes, 1, 0};
}

}  // namespace troika
