// What an operation is in OpenCL's terms.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "backends/opencl/opencl.h"

namespace troika::opencl {

// Rows that clEnqueueWriteBuffer reads until their operation has ended.
class Patterns {
 public:
  std::span<const std::byte> keep(std::uint64_t value, const Scalar& scalar, std::size_t bytes);
  void release(std::uint64_t reached);

 private:
  std::deque<std::pair<std::uint64_t, std::vector<std::byte>>> rows_;
};

// Stream::accept. A hand-over towards the host asks for the bounding range of its span; it is free
// while the host holds that range from an earlier one. Towards the device, it gives back every
// range that touches the span's; it is free when there is none. Both move no byte.
Result<bool> accept_command(const Core& core, const StreamOperation& op);

// Stream::begin: `event` is that of the operation's last command, or null when none was needed.
Status enqueue_command(const Core& core, cl_command_queue queue, const StreamOperation& op,
                       Patterns& patterns, cl_event& event);

}  // namespace troika::opencl
