// Copies and fills. A copy from memory that the driver does not know is staged when it is
// submitted; one to such memory has ended when the call returns.
#include <algorithm>
#include <cstring>

#include "tests/drivers/cuda/execution.h"

using namespace cuda_emulator;

namespace {

Rows host_rows(const void* memory, std::uint64_t pitch) {
  Rows rows;
  rows.pitch = pitch;
  auto* const at = static_cast<std::byte*>(const_cast<void*>(memory));
  const Allocation* const known = driver().memory.find_user(memory);
  if (known == nullptr) rows.pageable = at;
  else rows.address = known->base + static_cast<std::uint64_t>(at - known->user);
  return rows;
}

Rows device_rows(CUdeviceptr address, std::uint64_t pitch) {
  Rows rows;
  rows.address = address;
  rows.pitch = pitch;
  return rows;
}

// Whether a device's pointer means memory that the driver gave out.
bool known(const Rows& rows) {
  const Allocation* const found =
      rows.pageable != nullptr ? nullptr : driver().memory.find(rows.address);
  return rows.pageable != nullptr ||
         (found != nullptr && found->state != Allocation::State::freed && !found->free_requested);
}

CUresult copy(const char* label, CUstream handle, bool waits, const Rows& from, const Rows& to,
              std::uint64_t bytes, std::uint64_t rows) {
  return with_context([&](Context& context, Lock& lock) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (bytes == 0 || rows == 0) return CUDA_SUCCESS;
    if (!known(from) || !known(to)) return CUDA_ERROR_INVALID_VALUE;
    Rows source = from;
    if (source.pageable != nullptr && !waits && stream->capture == nullptr) {
      source.staged = std::make_shared<std::vector<std::byte>>(bytes * rows);
      for (std::uint64_t row = 0; row < rows; ++row)
        std::memcpy(source.staged->data() + row * bytes, source.pageable + row * source.pitch,
                    bytes);
    }
    Work work{Op::Kind::copy, label, copy_body(source, to, bytes, rows)};
    const bool ends_before_return = waits || (to.pageable != nullptr && stream->capture == nullptr);
    return ends_before_return ? perform(*stream, std::move(work), lock)
                              : enqueue(*stream, std::move(work));
  });
}

CUresult fill(CUstream handle, bool waits, CUdeviceptr address, std::uint64_t pitch,
              std::uint32_t value, std::uint32_t size, std::uint64_t width, std::uint64_t rows) {
  return with_context([&](Context& context, Lock& lock) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (width == 0 || rows == 0) return CUDA_SUCCESS;
    const Rows to = device_rows(address, pitch);
    if (!known(to) || address % size != 0 || (rows > 1 && pitch % size != 0))
      return CUDA_ERROR_INVALID_VALUE;
    Work work{Op::Kind::copy, "fill", fill_body(to, value, size, width * size, rows)};
    return waits ? perform(*stream, std::move(work), lock) : enqueue(*stream, std::move(work));
  });
}

bool rows_of(CUmemorytype type, const void* host, CUdeviceptr device, std::size_t x, std::size_t y,
             std::size_t pitch, Rows& rows) {
  if (type == CU_MEMORYTYPE_HOST)
    rows = host_rows(static_cast<const std::byte*>(host) + y * pitch + x, pitch);
  else if (type == CU_MEMORYTYPE_DEVICE || type == CU_MEMORYTYPE_UNIFIED)
    rows = device_rows(device + y * pitch + x, pitch);
  else return false;
  return true;
}

CUresult copy_2d(const CUDA_MEMCPY2D* c, CUstream stream, bool waits) {
  Rows from, to;
  if (c == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::size_t width = c->WidthInBytes, from_pitch = c->srcPitch != 0 ? c->srcPitch : width,
                    to_pitch = c->dstPitch != 0 ? c->dstPitch : width;
  if (!rows_of(c->srcMemoryType, c->srcHost, c->srcDevice, c->srcXInBytes, c->srcY, from_pitch,
               from) ||
      !rows_of(c->dstMemoryType, c->dstHost, c->dstDevice, c->dstXInBytes, c->dstY, to_pitch, to) ||
      (c->Height > 1 && (from_pitch < width || to_pitch < width))) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return copy("2-D copy", stream, waits, from, to, width, c->Height);
}

}  // namespace

extern "C" {

CUresult cuMemcpyHtoD(CUdeviceptr to, const void* from, std::size_t bytes) {
  return copy("copy to the device", nullptr, true, host_rows(from, 0), device_rows(to, 0), bytes,
              1);
}
CUresult cuMemcpyDtoH(void* to, CUdeviceptr from, std::size_t bytes) {
  return copy("copy to the host", nullptr, true, device_rows(from, 0), host_rows(to, 0), bytes, 1);
}
CUresult cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return copy("copy", nullptr, false, device_rows(from, 0), device_rows(to, 0), bytes, 1);
}
CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  return copy("copy to the device", stream, false, host_rows(from, 0), device_rows(to, 0), bytes,
              1);
}
CUresult cuMemcpyDtoHAsync(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return copy("copy to the host", stream, false, device_rows(from, 0), host_rows(to, 0), bytes, 1);
}
CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return copy("copy", stream, false, device_rows(from, 0), device_rows(to, 0), bytes, 1);
}
CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext,
                           std::size_t bytes, CUstream stream) {
  return copy("copy between peers", stream, false, device_rows(from, 0), device_rows(to, 0), bytes,
              1);
}
CUresult cuMemcpy2D(const CUDA_MEMCPY2D* c) { return copy_2d(c, nullptr, true); }
CUresult cuMemcpy2DAsync(const CUDA_MEMCPY2D* c, CUstream stream) {
  return copy_2d(c, stream, false);
}

// One slice only: what a rectangle of rows needs.
CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* c, CUstream stream) {
  Rows from, to;
  if (c == nullptr || c->Depth > 1 || c->srcZ != 0 || c->dstZ != 0) return CUDA_ERROR_NOT_SUPPORTED;
  if (!rows_of(c->srcMemoryType, c->srcHost, c->srcDevice, c->srcXInBytes, c->srcY, c->srcPitch,
               from) ||
      !rows_of(c->dstMemoryType, c->dstHost, c->dstDevice, c->dstXInBytes, c->dstY, c->dstPitch,
               to)) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return copy("2-D copy between peers", stream, false, from, to, c->WidthInBytes, c->Height);
}

CUresult cuMemsetD8(CUdeviceptr at, unsigned char value, std::size_t count) {
  return fill(nullptr, true, at, 0, value, 1, count, 1);
}
CUresult cuMemsetD16(CUdeviceptr at, unsigned short value, std::size_t count) {
  return fill(nullptr, true, at, 0, value, 2, count, 1);
}
CUresult cuMemsetD32(CUdeviceptr at, unsigned value, std::size_t count) {
  return fill(nullptr, true, at, 0, value, 4, count, 1);
}
CUresult cuMemsetD8Async(CUdeviceptr at, unsigned char value, std::size_t count, CUstream stream) {
  return fill(stream, false, at, 0, value, 1, count, 1);
}
CUresult cuMemsetD16Async(CUdeviceptr at, unsigned short value, std::size_t count,
                          CUstream stream) {
  return fill(stream, false, at, 0, value, 2, count, 1);
}
CUresult cuMemsetD32Async(CUdeviceptr at, unsigned value, std::size_t count, CUstream stream) {
  return fill(stream, false, at, 0, value, 4, count, 1);
}
CUresult cuMemsetD2D8Async(CUdeviceptr at, std::size_t pitch, unsigned char value,
                           std::size_t width, std::size_t height, CUstream stream) {
  return fill(stream, false, at, pitch, value, 1, width, height);
}
CUresult cuMemsetD2D16Async(CUdeviceptr at, std::size_t pitch, unsigned short value,
                            std::size_t width, std::size_t height, CUstream stream) {
  return fill(stream, false, at, pitch, value, 2, width, height);
}
CUresult cuMemsetD2D32Async(CUdeviceptr at, std::size_t pitch, unsigned value, std::size_t width,
                            std::size_t height, CUstream stream) {
  return fill(stream, false, at, pitch, value, 4, width, height);
}

}  // extern "C"
