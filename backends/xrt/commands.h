// What an operation is in XRT's terms.
#pragma once

#include <vector>

#include "backends/xrt/xrt.h"

namespace troika::xrt {

// Stream::accept. A hand-over is free on a card's own memory.
Result<bool> accept_command(const Core& core, const StreamOperation& op);

// Where one launch wants the bytes of a buffer.
struct Place {
  std::shared_ptr<Body> body;
  int bank;

  bool is_there() const noexcept { return body->bank() == bank; }
};

// Of each buffer of a launch on this unit, one entry: the bank where it lies, if all arguments that
// are given it reach that. Code::kernel_failed names the arguments and the banks where there is
// none that they all reach: the vendor would run it, and lose what it writes.
Result<std::vector<Place>> places_of(const Core& core, const UnitInfo& unit,
                                     const StreamOperation& op);

// Gives a run its arguments, whose bodies are in place.
void set_arguments(const Core& core, ::xrt::run& run, const StreamOperation& op);

// A copy, a fill or a hand-over, a piece at a time: the vendor's sync() holds its caller until the
// DMA is over, and the driver thread has other streams to serve.
class Transfer {
 public:
  static constexpr std::size_t piece_bytes = std::size_t{2} << 20U;

  // `op` stays as it is until the transfer is over. Where the target has no bank yet, it goes where
  // most arguments of the loaded image reach, if there is room.
  void start(const Core& core, const StreamOperation& op);
  bool is_under_way() const noexcept { return op_ != nullptr; }
  std::uint64_t value() const noexcept { return op_->value; }
  // Moves the next piece; true when that was the last one. After a failure it is over too.
  Result<bool> step();

 private:
  Status copy(const Span2D& from, const Span2D& to);
  Status fill(const Span2D& to);
  Status hand_over();
  Status written(const Span2D& to);

  const Core* core_ = nullptr;
  const StreamOperation* op_ = nullptr;
  Body* from_body_ = nullptr;  // null: an address of the host's
  Body* to_body_ = nullptr;
  Span2D from_, to_;      // as one row where no bytes lie between the rows
  std::size_t done_ = 0;  // rows, or bytes of a single one
};

}  // namespace troika::xrt
