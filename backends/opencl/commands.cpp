#include "backends/opencl/commands.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/device/check.h"

namespace troika::opencl {
namespace {

// accept_command() found it to be one.
const Buffer& own_buffer(const Allocation* allocation) {
  return static_cast<const Buffer&>(*allocation);
}

// Null of bytes that commands are given the address of: the host's, and shared virtual memory.
cl_mem memory_of(const Core& core, const Allocation* allocation) noexcept {
  const Buffer* const buffer = Buffer::of(core, allocation);
  return buffer ? buffer->memory() : nullptr;
}

// A command's event replaces the one before it.
class LastEvent {
 public:
  LastEvent(const Core& core, cl_event& event) noexcept : core_{core}, event_{event} {}
  cl_event* next() noexcept {
    if (event_) core_.api->ReleaseEvent(std::exchange(event_, nullptr));
    return &event_;
  }

 private:
  const Core& core_;
  cl_event& event_;
};

// Sets a kernel's arguments one after the other, as far as they are not what they were.
class Arguments {
 public:
  Arguments(const Core& core, const ClKernel& kernel) noexcept : core_{core}, kernel_{kernel} {}

  void set(const KernelArg& arg) {
    if (!arg.is_buffer()) return set(size_of(arg.scalar.type), arg.scalar.bytes.data());
    const Buffer& buffer = own_buffer(arg.span.in);
    const cl_mem memory = buffer.memory();
    const cl_ulong offset = arg.span.offset;
    next(buffer.serial(), [&](cl_uint index) {
      return memory ? core_.api->SetKernelArg(kernel_.handle(), index, sizeof memory, &memory)
                    : core_.api->SetKernelArgSVMPointer(kernel_.handle(), index, buffer.host());
    });
    set(sizeof offset, &offset);
  }
  cl_int error() const noexcept { return error_; }

 private:
  void set(std::size_t bytes, const void* value) {
    std::uint64_t to = 0;
    std::memcpy(&to, value, bytes);
    next(to, [&](cl_uint index) {
      return core_.api->SetKernelArg(kernel_.handle(), index, bytes, value);
    });
  }
  template <class Set>
  void next(std::uint64_t to, Set&& set) {
    ClKernel::SetArgument& known = kernel_.arguments()[index_++];
    if (error_ != CL_SUCCESS || (known.known && known.to == to)) return;
    error_ = set(index_ - 1);
    known = {to, error_ == CL_SUCCESS};
  }

  const Core& core_;
  const ClKernel& kernel_;
  cl_uint index_ = 0;
  cl_int error_ = CL_SUCCESS;
};

cl_int launch(const Core& core, cl_command_queue queue, const StreamOperation& op,
              LastEvent& last) {
  const auto& kernel = static_cast<const ClKernel&>(*op.kernel);
  Arguments arguments{core, kernel};
  for (const KernelArg& arg : op.args.view()) arguments.set(arg);
  if (arguments.error() != CL_SUCCESS) return arguments.error();
  const LaunchShape& shape = op.shape;
  cl_uint dimensions = 3;
  while (dimensions > 1 && shape.global[dimensions - 1] == 1 && shape.local[dimensions - 1] <= 1)
    --dimensions;
  const bool chosen = shape.local[0] != 0;
  std::array<std::size_t, 3> local = shape.local;
  for (std::size_t& size : local) size = std::max<std::size_t>(size, 1);
  return core.api->EnqueueNDRangeKernel(queue, kernel.handle(), dimensions, nullptr,
                                        shape.global.data(), chosen ? local.data() : nullptr, 0,
                                        nullptr, last.next());
}

// Rows of a span as clEnqueue…Rect wants them: only when none crosses a multiple of its pitch.
struct Rect {
  explicit Rect(const Span2D& span) noexcept
      : pitch{span.pitch},
        origin{span.offset % pitch, span.offset / pitch, 0},
        fits{origin[0] + span.row_bytes <= pitch} {}

  std::size_t pitch;
  std::array<std::size_t, 3> origin;
  bool fits;
};

// Of what copy_row() and copy_rows() are given, at least one side is this device's; the latter
// are given at least one cl_mem, for there is no such command between addresses.
cl_int copy_row(const Core& core, cl_command_queue queue, const Span2D& from, const Span2D& to,
                LastEvent& last) {
  const cl_mem source = memory_of(core, from.in), target = memory_of(core, to.in);
  const std::size_t bytes = to.row_bytes;
  if (source && target)
    return core.api->EnqueueCopyBuffer(queue, source, target, from.offset, to.offset, bytes, 0,
                                       nullptr, last.next());
  if (target)
    return core.api->EnqueueWriteBuffer(queue, target, CL_FALSE, to.offset, bytes,
                                        from.in->host() + from.offset, 0, nullptr, last.next());
  if (!source)
    return core.api->EnqueueSVMMemcpy(queue, CL_FALSE, to.in->host() + to.offset,
                                      from.in->host() + from.offset, bytes, 0, nullptr,
                                      last.next());
  return core.api->EnqueueReadBuffer(queue, source, CL_FALSE, from.offset, bytes,
                                     to.in->host() + to.offset, 0, nullptr, last.next());
}

cl_int copy_rows(const Core& core, cl_command_queue queue, const Span2D& from, const Span2D& to,
                 LastEvent& last) {
  const cl_mem source = memory_of(core, from.in), target = memory_of(core, to.in);
  const std::array<std::size_t, 3> region{to.row_bytes, to.rows, 1}, none{0, 0, 0};
  const Rect a{from}, b{to};
  if (source && target)
    return core.api->EnqueueCopyBufferRect(queue, source, target, a.origin.data(), b.origin.data(),
                                           region.data(), a.pitch, 0, b.pitch, 0, 0, nullptr,
                                           last.next());
  if (target)
    return core.api->EnqueueWriteBufferRect(queue, target, CL_FALSE, b.origin.data(), none.data(),
                                            region.data(), b.pitch, 0, from.pitch, 0,
                                            from.in->host() + from.offset, 0, nullptr, last.next());
  return core.api->EnqueueReadBufferRect(queue, source, CL_FALSE, a.origin.data(), none.data(),
                                         region.data(), a.pitch, 0, to.pitch, 0,
                                         to.in->host() + to.offset, 0, nullptr, last.next());
}

cl_int copy(const Core& core, cl_command_queue queue, const StreamOperation& op, LastEvent& last) {
  const bool one_row = rows_touch(op.from) && rows_touch(op.to);
  if (one_row) return copy_row(core, queue, as_row(op.from), as_row(op.to), last);
  const bool by_address = !memory_of(core, op.from.in) && !memory_of(core, op.to.in);
  if (!by_address && Rect{op.from}.fits && Rect{op.to}.fits)
    return copy_rows(core, queue, op.from, op.to, last);
  cl_int error = CL_SUCCESS;
  for (std::size_t row = 0; row < op.to.rows && error == CL_SUCCESS; ++row)
    error = copy_row(core, queue, row_of(op.from, row), row_of(op.to, row), last);
  return error;
}

// No offset that the value's size does not divide.
cl_int fill_row(const Core& core, cl_command_queue queue, const Buffer& buffer, const Scalar& value,
                std::size_t at, std::size_t bytes, LastEvent& last) {
  const void* const pattern = value.bytes.data();
  const std::size_t size = size_of(value.type);
  if (buffer.memory())
    return core.api->EnqueueFillBuffer(queue, buffer.memory(), pattern, size, at, bytes, 0, nullptr,
                                       last.next());
  return core.api->EnqueueSVMMemFill(queue, buffer.host() + at, pattern, size, bytes, 0, nullptr,
                                     last.next());
}

cl_int write_row(const Core& core, cl_command_queue queue, const Buffer& buffer,
                 std::span<const std::byte> row, std::size_t at, LastEvent& last) {
  if (buffer.memory())
    return core.api->EnqueueWriteBuffer(queue, buffer.memory(), CL_FALSE, at, row.size(),
                                        row.data(), 0, nullptr, last.next());
  return core.api->EnqueueSVMMemcpy(queue, CL_FALSE, buffer.host() + at, row.data(), row.size(), 0,
                                    nullptr, last.next());
}

cl_int fill(const Core& core, cl_command_queue queue, const StreamOperation& op, Patterns& patterns,
            LastEvent& last) {
  const Buffer& buffer = own_buffer(op.to.in);
  const std::size_t size = size_of(op.scalar.type);
  const bool aligned = op.to.offset % size == 0 && (op.to.rows == 1 || op.to.pitch % size == 0);
  const Span2D to = aligned && rows_touch(op.to) ? as_row(op.to) : op.to;
  const auto row_pattern =
      aligned ? std::span<const std::byte>{} : patterns.keep(op.value, op.scalar, to.row_bytes);
  cl_int error = CL_SUCCESS;
  for (std::size_t row = 0; row < to.rows && error == CL_SUCCESS; ++row) {
    const std::size_t at = to.offset + row * to.pitch;
    error = aligned ? fill_row(core, queue, buffer, op.scalar, at, to.row_bytes, last)
                    : write_row(core, queue, buffer, row_pattern, at, last);
  }
  return error;
}

cl_int hand_over(const Core& core, cl_command_queue queue, const StreamOperation& op,
                 LastEvent& last) {
  const Buffer& buffer = own_buffer(op.to.in);
  const std::size_t begin = op.to.offset, end = op.to.end();
  cl_int error = CL_SUCCESS;
  const auto unmap = [&](const MappedRange& range) {
    const cl_int status = core.api->EnqueueUnmapMemObject(queue, buffer.memory(), range.pointer, 0,
                                                          nullptr, last.next());
    if (status != CL_SUCCESS) error = status;
  };
  if (op.towards == Towards::device) {
    buffer.mapped().take(begin, end, unmap);
    return error;
  }
  MappedRange range = buffer.mapped().widen(begin, end, op.will_write, unmap);
  if (error != CL_SUCCESS) return error;
  const cl_map_flags flags =
      range.writable ? cl_map_flags{CL_MAP_READ | CL_MAP_WRITE} : cl_map_flags{CL_MAP_READ};
  range.pointer =
      core.api->EnqueueMapBuffer(queue, buffer.memory(), CL_FALSE, flags, range.begin,
                                 range.end - range.begin, 0, nullptr, last.next(), &error);
  if (error == CL_SUCCESS) buffer.mapped().add(range);
  return error;
}

}  // namespace

std::span<const std::byte> Patterns::keep(std::uint64_t value, const Scalar& scalar,
                                          std::size_t bytes) {
  std::vector<std::byte> row(bytes);
  const std::size_t size = size_of(scalar.type);
  for (std::size_t at = 0; at < bytes; at += size)
    std::memcpy(row.data() + at, scalar.bytes.data(), size);
  rows_.emplace_back(value, std::move(row));
  return rows_.back().second;
}

void Patterns::release(std::uint64_t reached) {
  while (!rows_.empty() && rows_.front().first <= reached) rows_.pop_front();
}

Status enqueue_command(const Core& core, cl_command_queue queue, const StreamOperation& op,
                       Patterns& patterns, cl_event& event) {
  LastEvent last{core, event};
  cl_int error = CL_SUCCESS;
  std::string what;
  switch (op.kind) {
    case StreamOperation::Kind::launch:
      error = launch(core, queue, op, last);
      if (error != CL_SUCCESS)
        what = "launch of " + static_cast<const ClKernel&>(*op.kernel).operation();
      break;
    case StreamOperation::Kind::copy:
      error = copy(core, queue, op, last);
      what = "copy";
      break;
    case StreamOperation::Kind::fill:
      error = fill(core, queue, op, patterns, last);
      what = "fill";
      break;
    case StreamOperation::Kind::hand_over:
      error = hand_over(core, queue, op, last);
      what = "hand_over";
      break;
  }
  if (error == CL_SUCCESS) return {};
  last.next();
  return failure(Code::kernel_failed, what + " on " + core.name, error);
}

}  // namespace troika::opencl
