// The driver's functions of buffers, as xrt.h declares them.
#include <cerrno>
#include <cstdint>
#include <new>

#include <xrt.h>
#include <xrt_mem.h>

#include "tests/drivers/xrt/card.h"
#include "tests/drivers/xrt/internals.h"

using xrt_model::card_of;

namespace {

// Runs `make`, which may run out of memory.
template <class Make>
xclBufferHandle handle_from(Make&& make) {
  unsigned handle = 0;
  try {
    handle = make();
  } catch (const std::bad_alloc&) {
    handle = 0;
  }
  if (handle != 0) return handle;
  errno = ENOMEM;
  return XRT_NULL_BO;
}

}  // namespace

extern "C" {

xclBufferHandle xclAllocBO(xclDeviceHandle handle, std::size_t bytes, int, unsigned flags) {
  return handle_from([&] { return card_of(handle).buffers().make(bytes, flags, nullptr); });
}

xclBufferHandle xclAllocUserPtrBO(xclDeviceHandle handle, void* user, std::size_t bytes,
                                  unsigned flags) {
  if (reinterpret_cast<std::uintptr_t>(user) % 4096 != 0 || (flags & XCL_BO_FLAGS_HOST_ONLY)) {
    errno = EINVAL;
    return XRT_NULL_BO;
  }
  return handle_from([&] { return card_of(handle).buffers().make(bytes, flags, user); });
}

void xclFreeBO(xclDeviceHandle handle, xclBufferHandle buffer) {
  card_of(handle).buffers().free(buffer);
}

void* xclMapBO(xclDeviceHandle handle, xclBufferHandle buffer, bool) {
  const auto object = card_of(handle).buffers().find(buffer);
  return object && object->host ? object->host->first() : nullptr;
}

// Buffers stay mapped until they are freed.
int xclUnmapBO(xclDeviceHandle, xclBufferHandle, void*) { return 0; }

int xclSyncBO(xclDeviceHandle handle, xclBufferHandle buffer, xclBOSyncDirection direction,
              std::size_t bytes, std::size_t offset) {
  const int error =
      card_of(handle).sync(buffer, direction == XCL_BO_SYNC_BO_TO_DEVICE, bytes, offset);
  if (error != 0) errno = -error;
  return error;
}

int xclGetBOProperties(xclDeviceHandle handle, xclBufferHandle buffer,
                       xclBOProperties* properties) {
  const auto object = card_of(handle).buffers().find(buffer);
  if (!object) return -ENOENT;
  *properties = {buffer, object->flags, object->bytes, object->address, 0};
  return 0;
}
}
