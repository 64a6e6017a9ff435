#include "backends/cuda/commands.h"

#include <algorithm>

#include "runtime/device/check.h"

namespace troika::cuda {
namespace {

// Beyond it commands on rectangles are refused.
constexpr std::size_t pitch_max = 0x7fffffff;

// One side of a copy: on a device of this backend's, or at an address of the host's.
struct Side {
  explicit Side(const Span2D& span) noexcept : buffer{Buffer::of(span.in)} {
    // Foreign handles of another device may be all that is known of host bytes.
    host = span.in->host() ? span.in->host() + span.offset : nullptr;
    if (buffer) device = buffer->address() + span.offset;
  }
  std::uintptr_t at() const noexcept {
    return host ? reinterpret_cast<std::uintptr_t>(host) : static_cast<std::uintptr_t>(device);
  }

  const Buffer* buffer;
  std::byte* host;
  CUdeviceptr device = 0;
};

bool is_own(const Core& core, const Side& side) noexcept {
  return side.buffer && &side.buffer->core() == &core;
}

// Both in memory that only devices reach, and not of one device.
bool between_peers(const Side& from, const Side& to) noexcept {
  return from.buffer && to.buffer && !from.host && !to.host &&
         &from.buffer->core() != &to.buffer->core();
}

CUresult copy_row(const Core& core, CUstream stream, const Span2D& from_span,
                  const Span2D& to_span) {
  const Side from{from_span}, to{to_span};
  const std::size_t bytes = to_span.row_bytes;
  if (between_peers(from, to))
    return core.api->MemcpyPeerAsync(to.device, to.buffer->core().context, from.device,
                                     from.buffer->core().context, bytes, stream);
  if (is_own(core, from) && is_own(core, to))
    return core.api->MemcpyDtoDAsync(to.device, from.device, bytes, stream);
  if (is_own(core, to)) return core.api->MemcpyHtoDAsync(to.device, from.host, bytes, stream);
  return core.api->MemcpyDtoHAsync(to.host, from.device, bytes, stream);
}

CUresult copy_rows_between_peers(const Core& core, CUstream stream, const StreamOperation& op) {
  const Side from{op.from}, to{op.to};
  CUDA_MEMCPY3D_PEER copy{};
  copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = from.device;
  copy.srcContext = from.buffer->core().context;
  copy.srcPitch = op.from.pitch;
  copy.dstDevice = to.device;
  copy.dstContext = to.buffer->core().context;
  copy.dstPitch = op.to.pitch;
  copy.WidthInBytes = op.to.row_bytes;
  copy.Height = op.to.rows;
  copy.Depth = 1;
  return core.api->Memcpy3DPeerAsync(&copy, stream);
}

CUresult copy_rows(const Core& core, CUstream stream, const StreamOperation& op) {
  const Side from{op.from}, to{op.to};
  if (between_peers(from, to)) return copy_rows_between_peers(core, stream, op);
  CUDA_MEMCPY2D copy{};
  copy.srcPitch = op.from.pitch;
  copy.dstPitch = op.to.pitch;
  copy.WidthInBytes = op.to.row_bytes;
  copy.Height = op.to.rows;
  copy.srcMemoryType = is_own(core, from) ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
  copy.srcDevice = from.device;
  copy.srcHost = from.host;
  copy.dstMemoryType = is_own(core, to) ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
  copy.dstDevice = to.device;
  copy.dstHost = to.host;
  return core.api->Memcpy2DAsync(&copy, stream);
}

CUresult copy(const Core& core, CUstream stream, const StreamOperation& op) {
  if (rows_touch(op.from) && rows_touch(op.to))
    return copy_row(core, stream, as_row(op.from), as_row(op.to));
  if (std::max(op.from.pitch, op.to.pitch) <= pitch_max) {
    const CUresult error = copy_rows(core, stream, op);
    // Within a device a pitch that cuMemAllocPitch would not have chosen may be refused.
    if (error != CUDA_ERROR_INVALID_VALUE) return error;
  }
  CUresult error = CUDA_SUCCESS;
  for (std::size_t row = 0; row < op.to.rows && error == CUDA_SUCCESS; ++row)
    error = copy_row(core, stream, row_of(op.from, row), row_of(op.to, row));
  return error;
}

template <class T>
T part_of(const Scalar& value, std::size_t index) noexcept {
  T part;
  std::memcpy(&part, value.bytes.data() + index * sizeof part, sizeof part);
  return part;
}

// `width` values, each of one, two or four bytes.
CUresult fill_row(const Core& core, CUstream stream, CUdeviceptr to, const Scalar& value,
                  std::size_t width) {
  switch (size_of(value.type)) {
    case 1: return core.api->MemsetD8Async(to, part_of<std::uint8_t>(value, 0), width, stream);
    case 2: return core.api->MemsetD16Async(to, part_of<std::uint16_t>(value, 0), width, stream);
    default: return core.api->MemsetD32Async(to, part_of<std::uint32_t>(value, 0), width, stream);
  }
}

CUresult fill_rows(const Core& core, CUstream stream, CUdeviceptr to, const Scalar& value,
                   std::size_t width, std::size_t rows, std::size_t pitch) {
  switch (size_of(value.type)) {
    case 1:
      return core.api->MemsetD2D8Async(to, pitch, part_of<std::uint8_t>(value, 0), width, rows,
                                       stream);
    case 2:
      return core.api->MemsetD2D16Async(to, pitch, part_of<std::uint16_t>(value, 0), width, rows,
                                        stream);
    default:
      return core.api->MemsetD2D32Async(to, pitch, part_of<std::uint32_t>(value, 0), width, rows,
                                        stream);
  }
}

// A value that is too wide or not aligned, in parts of `Part`: each a column of its own, a value's
// size apart.
template <class Part>
CUresult fill_row_in_parts(const Core& core, CUstream stream, CUdeviceptr to, const Scalar& value,
                           std::size_t bytes) {
  const std::size_t size = size_of(value.type);
  CUresult error = CUDA_SUCCESS;
  for (std::size_t i = 0; i < size / sizeof(Part) && error == CUDA_SUCCESS; ++i)
    error = fill_rows(core, stream, to + i * sizeof(Part), Scalar::of(part_of<Part>(value, i)), 1,
                      bytes / size, size);
  return error;
}

CUresult fill(const Core& core, CUstream stream, const StreamOperation& op) {
  const std::size_t size = size_of(op.scalar.type);
  const Span2D to = rows_touch(op.to) ? as_row(op.to) : op.to;
  const CUdeviceptr first = Buffer::of(core, to.in)->address() + to.offset;
  const std::size_t unit = std::min<std::size_t>(size, sizeof(std::uint32_t));
  const bool aligned = first % unit == 0 && (to.rows == 1 || to.pitch % unit == 0);
  if (aligned && size == unit && to.rows > 1 && to.pitch <= pitch_max)
    return fill_rows(core, stream, first, op.scalar, to.row_bytes / size, to.rows, to.pitch);
  CUresult error = CUDA_SUCCESS;
  for (std::size_t row = 0; row < to.rows && error == CUDA_SUCCESS; ++row) {
    const CUdeviceptr at = first + row * to.pitch;
    if (aligned && size == unit) error = fill_row(core, stream, at, op.scalar, to.row_bytes / size);
    else if (aligned)
      error = fill_row_in_parts<std::uint32_t>(core, stream, at, op.scalar, to.row_bytes);
    else error = fill_row_in_parts<std::uint8_t>(core, stream, at, op.scalar, to.row_bytes);
  }
  return error;
}

// What the device is about to use comes in one transfer instead of a fault a page.
CUresult prefetch(const Core& core, CUstream stream, const StreamOperation& op) {
  if (core.reach != Reach::managed) return CUDA_SUCCESS;
  for (const KernelArg& arg : op.args.view()) {
    if (!arg.is_buffer()) continue;
    const Buffer& buffer = *Buffer::of(core, arg.span.in);
    if (!buffer.managed()) continue;
    const CUresult error = core.api->MemPrefetchAsync(
        buffer.address() + arg.span.offset, arg.span.end() - arg.span.offset,
        {CU_MEM_LOCATION_TYPE_DEVICE, core.device}, 0, stream);
    if (error != CUDA_SUCCESS) return error;
  }
  return CUDA_SUCCESS;
}

CUresult launch(const Core& core, CUstream stream, const StreamOperation& op) {
  const auto& kernel = static_cast<const CudaKernel&>(*op.kernel);
  if (const CUresult error = prefetch(core, stream, op); error != CUDA_SUCCESS) return error;
  const auto args = op.args.view();
  // The driver reads parameters before it returns. Reserved, so that their addresses stay.
  std::vector<std::uint64_t> words;
  std::vector<void*> params;
  words.reserve(2 * args.size());
  params.reserve(2 * args.size());
  for (const KernelArg& arg : args) {
    const auto add = [&](std::uint64_t word) {
      words.push_back(word);
      params.push_back(&words.back());
    };
    if (arg.is_buffer()) {
      add(Buffer::of(core, arg.span.in)->address());
      add(arg.span.offset);
    } else {
      add(part_of<std::uint64_t>(arg.scalar, 0));
    }
  }
  const std::array<unsigned, 3> block = kernel.block_of(op.shape);
  std::array<unsigned, 3> grid{};
  for (std::size_t i = 0; i < 3; ++i)
    grid[i] = static_cast<unsigned>((op.shape.global[i] + block[i] - 1) / block[i]);
  return core.api->LaunchKernel(kernel.function(), grid[0], grid[1], grid[2], block[0], block[1],
                                block[2], 0, stream, params.data(), nullptr);
}

// Pages of others' that no operation has used before. What an operation of another kind left in the
// same slot may be gone.
Status map_all(const Core& core, const StreamOperation& op) {
  const auto map = [&core](const Span2D& span) {
    const Buffer* const buffer = Buffer::of(core, span.in);
    return buffer ? buffer->map() : Status{};
  };
  if (op.kind == StreamOperation::Kind::launch) {
    for (const KernelArg& arg : op.args.view()) TROIKA_TRY(map(arg.span));
    return {};
  }
  if (op.kind == StreamOperation::Kind::copy) TROIKA_TRY(map(op.from));
  return map(op.to);
}

}  // namespace

Status enqueue_command(const Core& core, CUstream stream, const StreamOperation& op) {
  TROIKA_TRY(map_all(core, op));
  CUresult error = CUDA_SUCCESS;
  std::string what;
  switch (op.kind) {
    case StreamOperation::Kind::launch:
      error = launch(core, stream, op);
      what = "launch of " + static_cast<const CudaKernel&>(*op.kernel).operation();
      break;
    case StreamOperation::Kind::copy:
      error = copy(core, stream, op);
      what = "copy";
      break;
    case StreamOperation::Kind::fill:
      error = fill(core, stream, op);
      what = "fill";
      break;
    case StreamOperation::Kind::hand_over: break;
  }
  if (error == CUDA_SUCCESS) return {};
  return failure(*core.api, Code::kernel_failed, what + " on " + core.name, error);
}

bool leaves_device(const Core& core, const StreamOperation& op) noexcept {
  return op.kind == StreamOperation::Kind::copy && !Buffer::of(core, op.to.in);
}

std::array<Touched, 2> touched_by(const StreamOperation& op) noexcept {
  const auto range = [](const Span2D& span, bool written) {
    const std::uintptr_t begin = Side{span}.at();
    return Touched{begin, begin + (span.end() - span.offset), written};
  };
  std::array<Touched, 2> touched{};
  if (op.kind == StreamOperation::Kind::copy) touched[0] = range(op.from, false);
  if (op.kind != StreamOperation::Kind::launch) touched[1] = range(op.to, true);
  return touched;
}

}  // namespace troika::cuda
