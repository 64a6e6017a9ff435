#include <algorithm>
#include <cstring>

#include "backends/xrt/commands.h"
#include "runtime/device/check.h"

namespace troika::xrt {
namespace {

Body* body_of(const Core& core, const Span2D& span) noexcept {
  const Buffer* const buffer = Buffer::of(core, span.in);
  return buffer ? buffer->body().get() : nullptr;
}

std::byte* host_of(const Body* body, const Span2D& span) noexcept {
  return (body ? body->pages() : span.in->host()) + span.offset;
}

// The next piece of a transfer that has `done` rows, or bytes of a single row, behind it.
Span2D piece_of(const Span2D& whole, std::size_t done, std::size_t amount) noexcept {
  if (whole.rows == 1) return {whole.in, whole.offset + done, amount, 1, 0};
  return {whole.in, whole.offset + done * whole.pitch, whole.row_bytes, amount, whole.pitch};
}

}  // namespace

void Transfer::start(const Core& core, const StreamOperation& op) {
  core_ = &core;
  op_ = &op;
  done_ = 0;
  const bool copies = op.kind == StreamOperation::Kind::copy;
  const bool one_row = rows_touch(op.to) && (!copies || rows_touch(op.from));
  to_ = one_row ? as_row(op.to) : op.to;
  from_ = one_row && copies ? as_row(op.from) : op.from;
  to_body_ = body_of(core, to_);
  from_body_ = copies ? body_of(core, from_) : nullptr;
  if (!to_body_ || to_body_->bank() != Body::nowhere || core.card.loaded() < 0) return;
  const int bank = core.card.images()[static_cast<std::size_t>(core.card.loaded())].usual_bank;
  // Without room it stays with the host until a launch makes some.
  static_cast<void>(core.card.place(Buffer::of(core, to_.in)->body(), bank, {}));
}

Result<bool> Transfer::step() {
  const std::size_t all = to_.rows == 1 ? to_.row_bytes : to_.rows;
  const std::size_t room =
      to_.rows == 1 ? piece_bytes
                    : std::max<std::size_t>(1, piece_bytes / std::max(to_.pitch, from_.pitch));
  // A value that a fill repeats begins anew with each piece.
  const std::size_t amount = std::min(room, all - done_);
  const Span2D to = piece_of(to_, done_, amount);
  Status moved;
  switch (op_->kind) {
    case StreamOperation::Kind::copy: moved = copy(piece_of(from_, done_, amount), to); break;
    case StreamOperation::Kind::fill: moved = fill(to); break;
    default: moved = hand_over(); break;
  }
  done_ = op_->kind == StreamOperation::Kind::hand_over ? all : done_ + amount;
  const bool over = done_ == all || !moved.ok();
  if (over) op_ = nullptr;
  TROIKA_TRY(std::move(moved));
  return over;
}

Status Transfer::copy(const Span2D& from, const Span2D& to) {
  if (from_body_) {
    TROIKA_TRY(from_body_->from_device(from.offset, from.end() - from.offset, core_->name));
  }
  const std::byte* source = host_of(from_body_, from);
  std::byte* target = host_of(to_body_, to);
  for (std::size_t row = 0; row < to.rows; ++row)
    std::memcpy(target + row * to.pitch, source + row * from.pitch, to.row_bytes);
  return written(to);
}

Status Transfer::fill(const Span2D& to) {
  const std::size_t size = size_of(op_->scalar.type);
  std::byte* const target = host_of(to_body_, to);
  for (std::size_t row = 0; row < to.rows; ++row)
    for (std::size_t at = 0; at < to.row_bytes; at += size)
      std::memcpy(target + row * to.pitch + at, op_->scalar.bytes.data(), size);
  return written(to);
}

Status Transfer::hand_over() {
  const std::size_t bytes = op_->to.end() - op_->to.offset;
  if (op_->towards == Towards::host)
    return to_body_->from_device(op_->to.offset, bytes, core_->name);
  return to_body_->to_device(op_->to.offset, bytes, core_->name);
}

// Between the rows the device may have what the pages have not.
Status Transfer::written(const Span2D& to) {
  if (!to_body_) return {};
  if (to.rows == 1 || to_body_->pages_are_current())
    return to_body_->to_device(to.offset, to.end() - to.offset, core_->name);
  for (std::size_t row = 0; row < to.rows; ++row)
    TROIKA_TRY(to_body_->to_device(to.offset + row * to.pitch, to.row_bytes, core_->name));
  return {};
}

}  // namespace troika::xrt
