// What an operation is in CUDA's terms.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backends/cuda/cuda.h"

namespace troika::cuda {

// Stream::accept. Hand-overs are free: host and device see each other's bytes at the end of what is
// on a stream.
Result<bool> accept_command(const Core& core, const StreamOperation& op);

// Stream::begin: the operation's commands, with the device's context current.
Status enqueue_command(const Core& core, CUstream stream, const StreamOperation& op);

// Whether a copy's commands leave the device: they then run beside those that enter it.
bool leaves_device(const Core& core, const StreamOperation& op) noexcept;

// From the first to the last byte that an operation touches on one side, in the one range of
// addresses that host and devices share.
struct Touched {
  std::uintptr_t begin = 0, end = 0;
  bool written = false;

  bool conflicts(const Touched& other) const noexcept {
    return (written || other.written) && begin < other.end && other.begin < end;
  }
};

// Of a copy, what it reads and what it writes; of a fill the latter alone. Once enqueued.
std::array<Touched, 2> touched_by(const StreamOperation& op) noexcept;

}  // namespace troika::cuda
