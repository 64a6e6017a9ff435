// Initialisation and devices.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tests/drivers/cuda/driver.h"

using namespace cuda_emulator;

namespace {

Device* device_of(CUdevice ordinal) {
  auto& all = driver().devices;
  return ordinal >= 0 && ordinal < static_cast<int>(all.size())
             ? all[static_cast<std::size_t>(ordinal)].get()
             : nullptr;
}

int attribute_of(CUdevice_attribute attribute, const Device& device) {
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return 1024;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return 48 << 10;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return 163 << 10;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 164 << 10;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY: return 64 << 10;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return warp_size;
    case CU_DEVICE_ATTRIBUTE_MAX_PITCH: return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR: return 65536;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return 1000000;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return 256;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return 4 << 20;
    case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT: return 512;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return 1;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
    case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT: return 2;
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
    case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
    case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS:
    case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH:
    case CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED:
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: return 1;
    case CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM:
      return options().registered_offset ? 0 : 1;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return options().capability / 10;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return options().capability % 10;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID: return device.ordinal + 1;
    default: return 0;
  }
}

}  // namespace

extern "C" {

CUresult cuInit(unsigned flags) { return initialise(flags); }

CUresult cuDriverGetVersion(int* version) {
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = options().driver_version;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int* count) {
  return with_driver([&](Lock&) {
    if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *count = options().devices;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  return with_driver([&](Lock&) {
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(ordinal) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  return with_driver([&](Lock&) {
    if (name == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    std::snprintf(name, static_cast<std::size_t>(length), "Emulated CUDA device %d", device);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
  return with_driver([&](Lock&) {
    if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    std::memset(uuid, 0xE0 + device, sizeof *uuid);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
  return with_driver([&](Lock&) {
    if (text == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    std::snprintf(text, static_cast<std::size_t>(length), "0000:%02x:00.0", device + 1);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice device) {
  return with_driver([&](Lock&) {
    if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    *bytes = options().memory_bytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  return with_driver([&](Lock&) {
    if (value == nullptr || attribute <= 0 || attribute >= CU_DEVICE_ATTRIBUTE_MAX)
      return CUDA_ERROR_INVALID_VALUE;
    const Device* const of = device_of(device);
    if (of == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    const auto chosen = options().attributes.find(attribute);
    *value = chosen != options().attributes.end() ? chosen->second : attribute_of(attribute, *of);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceCanAccessPeer(int* can, CUdevice device, CUdevice peer) {
  return with_driver([&](Lock&) {
    if (can == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (device_of(device) == nullptr || device_of(peer) == nullptr)
      return CUDA_ERROR_INVALID_DEVICE;
    *can = device != peer ? 1 : 0;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice ordinal) {
  return with_driver([&](Lock&) {
    Device* const device = device_of(ordinal);
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    if (device->lost) return CUDA_ERROR_DEVICE_UNAVAILABLE;
    if (device->primary == nullptr)
      device->primary = make_context(*device, true, device->primary_flags);
    ++device->retained;
    *context = reinterpret_cast<CUcontext>(device->primary);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice ordinal) {
  return with_driver([&](Lock& lock) {
    Device* const device = device_of(ordinal);
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    if (device->retained == 0) return CUDA_ERROR_INVALID_CONTEXT;
    if (--device->retained == 0) end_context(*std::exchange(device->primary, nullptr), lock);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxReset(CUdevice ordinal) {
  return with_driver([&](Lock& lock) {
    Device* const device = device_of(ordinal);
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    if (device->primary == nullptr) return CUDA_SUCCESS;
    end_context(*std::exchange(device->primary, nullptr), lock);
    if (device->retained > 0) device->primary = make_context(*device, true, device->primary_flags);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice ordinal, unsigned* flags, int* active) {
  return with_driver([&](Lock&) {
    const Device* const device = device_of(ordinal);
    if (device == nullptr) return CUDA_ERROR_INVALID_DEVICE;
    if (flags == nullptr || active == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *flags = device->primary_flags;
    *active = device->primary != nullptr ? 1 : 0;
    return CUDA_SUCCESS;
  });
}

}  // extern "C"
