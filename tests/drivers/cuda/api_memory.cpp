// Allocation: device, in stream order, pinned, registered and managed.
#include <algorithm>

#include "tests/drivers/cuda/execution.h"

using namespace cuda_emulator;

namespace {

// Room on a device; false where it is full or the options want it to seem so.
bool take_room(Device& device, std::uint64_t bytes) {
  if (driver().faulty("out_of_memory", device.ordinal) ||
      bytes > options().memory_bytes - device.used)
    return false;
  device.used += bytes;
  return true;
}

bool is_live(const Allocation* allocation, CUdeviceptr address) {
  return allocation != nullptr && allocation->base == address &&
         allocation->state != Allocation::State::freed && !allocation->free_requested;
}

// Bytes of a pool are the device's for as long as the pool has them.
bool grow(Pool& pool, std::uint64_t bytes) {
  const std::uint64_t needed = pool.used + bytes;
  if (driver().faulty("out_of_memory", pool.device->ordinal)) return false;
  if (needed > pool.reserved) {
    if (needed - pool.reserved > options().memory_bytes - pool.device->used) return false;
    pool.device->used += needed - pool.reserved;
    pool.reserved = needed;
  }
  pool.used = needed;
  pool.used_high = std::max(pool.used_high, pool.used);
  pool.reserved_high = std::max(pool.reserved_high, pool.reserved);
  return true;
}

void shrink(Pool& pool, std::uint64_t keep) {
  const std::uint64_t reserved = std::max(pool.used, std::min(pool.reserved, keep));
  pool.device->used -= pool.reserved - reserved;
  pool.reserved = reserved;
}

CUresult allocate_from(Context& context, Pool& pool, CUdeviceptr* address, std::size_t bytes,
                       CUstream handle, Lock& lock) {
  Stream* const stream = stream_of(context, handle);
  if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture != nullptr) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (!grow(pool, bytes)) {
    // Frees that were submitted may be all that is lacking.
    const CUresult failed = synchronise(context, lock);
    if (failed != CUDA_SUCCESS) return failed;
    if (!grow(pool, bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
  }
  Allocation* const made = driver().memory.add_device(pool.device->ordinal, bytes);
  if (made == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  made->context = &context;
  made->pool = &pool;
  made->state = Allocation::State::reserved;
  OpPtr op;
  const CUresult status =
      enqueue(*stream, {Op::Kind::memory, "allocation", allocate_body(*made)}, &op);
  if (status != CUDA_SUCCESS) return status;
  made->allocated_by = op->id;
  *address = made->base;
  return CUDA_SUCCESS;
}

}  // namespace

extern "C" {

CUresult cuMemGetInfo(std::size_t* free, std::size_t* total) {
  return with_context([&](Context& context, Lock&) {
    *free = options().memory_bytes - context.device->used;
    *total = options().memory_bytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAlloc(CUdeviceptr* address, std::size_t bytes) {
  return with_context([&](Context& context, Lock&) {
    if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult status = safe_in_captures(); status != CUDA_SUCCESS) return status;
    if (!take_room(*context.device, bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
    Allocation* const made = driver().memory.add_device(context.device->ordinal, bytes);
    if (made == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
    made->context = &context;
    *address = made->base;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemFree(CUdeviceptr address) {
  return with_context([&](Context& context, Lock& lock) {
    if (address == 0) return CUDA_SUCCESS;
    if (const CUresult status = safe_in_captures(); status != CUDA_SUCCESS) return status;
    Allocation* const found = driver().memory.find(address);
    const bool is_mine = is_live(found, address) && (found->kind == Allocation::Kind::device ||
                                                     found->kind == Allocation::Kind::managed);
    if (!is_mine) return CUDA_ERROR_INVALID_VALUE;
    const CUresult status = synchronise(context, lock);
    if (found->pool != nullptr)
      found->pool->used -= found->bytes, shrink(*found->pool, found->pool->threshold);
    else if (found->kind == Allocation::Kind::device)
      driver().devices[static_cast<std::size_t>(found->device)]->used -= found->bytes;
    driver().memory.remove(*found);
    return status;
  });
}

CUresult cuMemAllocAsync(CUdeviceptr* address, std::size_t bytes, CUstream stream) {
  return with_context([&](Context& context, Lock& lock) {
    return allocate_from(context, *context.device->pool, address, bytes, stream, lock);
  });
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* address, std::size_t bytes, CUmemoryPool pool,
                                 CUstream stream) {
  return with_context([&](Context& context, Lock& lock) {
    Pool* const from = alive<Pool>(pool);
    return from == nullptr ? CUDA_ERROR_INVALID_VALUE
                           : allocate_from(context, *from, address, bytes, stream, lock);
  });
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream handle) {
  return with_context([&](Context& context, Lock&) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    Allocation* const found = driver().memory.find(address);
    if (!is_live(found, address) || found->pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const CUresult status = enqueue(*stream, {Op::Kind::memory, "free", free_body(*found)});
    if (status == CUDA_SUCCESS) found->free_requested = true;
    return status;
  });
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice device) {
  return with_driver([&](Lock&) {
    if (device < 0 || device >= options().devices) return CUDA_ERROR_INVALID_DEVICE;
    *pool = reinterpret_cast<CUmemoryPool>(
        driver().devices[static_cast<std::size_t>(device)]->own_pool.get());
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* properties) {
  return with_driver([&](Lock&) {
    if (pool == nullptr || properties == nullptr ||
        properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE)
      return CUDA_ERROR_INVALID_VALUE;
    if (properties->location.id < 0 || properties->location.id >= options().devices)
      return CUDA_ERROR_INVALID_DEVICE;
    auto* const made = new Pool();
    made->device = driver().devices[static_cast<std::size_t>(properties->location.id)].get();
    driver().add(made);
    *pool = reinterpret_cast<CUmemoryPool>(made);
    return CUDA_SUCCESS;
  });
}

// Its memory goes when it is freed; the handle is gone at once.
CUresult cuMemPoolDestroy(CUmemoryPool handle) {
  return with_driver([&](Lock&) {
    Pool* const pool = alive<Pool>(handle);
    if (pool == nullptr || pool == pool->device->own_pool.get()) return CUDA_ERROR_INVALID_VALUE;
    driver().handles.erase(pool);
    shrink(*pool, 0);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolTrimTo(CUmemoryPool handle, std::size_t keep) {
  return with_driver([&](Lock&) {
    Pool* const pool = alive<Pool>(handle);
    if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
    shrink(*pool, keep);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool handle, CUmemPool_attribute attribute, void* value) {
  return with_driver([&](Lock&) {
    Pool* const pool = alive<Pool>(handle);
    if (pool == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (attribute == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)
      pool->threshold = *static_cast<cuuint64_t*>(value);
    else if (attribute <= CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES)
      pool->switches[attribute] = *static_cast<int*>(value);
    else return CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool handle, CUmemPool_attribute attribute, void* value) {
  return with_driver([&](Lock&) {
    Pool* const pool = alive<Pool>(handle);
    if (pool == nullptr || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto wide = [&](std::uint64_t number) { *static_cast<cuuint64_t*>(value) = number; };
    switch (attribute) {
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: wide(pool->threshold); break;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT: wide(pool->reserved); break;
      case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH: wide(pool->reserved_high); break;
      case CU_MEMPOOL_ATTR_USED_MEM_CURRENT: wide(pool->used); break;
      case CU_MEMPOOL_ATTR_USED_MEM_HIGH: wide(pool->used_high); break;
      default: *static_cast<int*>(value) = pool->switches[attribute];
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolSetAccess(CUmemoryPool handle, const CUmemAccessDesc* all, std::size_t count) {
  return with_driver([&](Lock&) {
    Pool* const pool = alive<Pool>(handle);
    if (pool == nullptr || (all == nullptr && count > 0)) return CUDA_ERROR_INVALID_VALUE;
    for (std::size_t i = 0; i < count; ++i) {
      if (all[i].flags == CU_MEM_ACCESS_FLAGS_PROT_NONE) pool->accessible.erase(all[i].location.id);
      else pool->accessible.insert(all[i].location.id);
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuMemHostAlloc(void** memory, std::size_t bytes, unsigned flags) {
  return with_context([&](Context& context, Lock&) {
    if (memory == nullptr || bytes == 0 || flags > 7) return CUDA_ERROR_INVALID_VALUE;
    if (driver().faulty("out_of_memory", context.device->ordinal)) return CUDA_ERROR_OUT_OF_MEMORY;
    Allocation* const made = driver().memory.add_pinned(bytes);
    made->context = &context;
    made->flags = flags;
    *memory = made->user;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAllocHost(void** memory, std::size_t bytes) {
  return cuMemHostAlloc(memory, bytes, 0);
}

CUresult cuMemFreeHost(void* memory) {
  return with_context([&](Context& context, Lock& lock) {
    Allocation* const found = driver().memory.find_user(memory);
    if (found == nullptr || found->user != memory || found->kind != Allocation::Kind::pinned)
      return CUDA_ERROR_INVALID_VALUE;
    const CUresult status = synchronise(context, lock);
    driver().memory.remove(*found);
    return status;
  });
}

CUresult cuMemHostRegister(void* memory, std::size_t bytes, unsigned flags) {
  return with_context([&](Context& context, Lock&) {
    if (memory == nullptr || bytes == 0 || flags > 15) return CUDA_ERROR_INVALID_VALUE;
    Allocation* const made = driver().memory.add_registered(memory, bytes);
    if (made == nullptr) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    made->context = &context;
    made->flags = flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemHostUnregister(void* memory) {
  return with_context([&](Context& context, Lock& lock) {
    Allocation* const found = driver().memory.find_user(memory);
    if (found == nullptr || found->user != memory || found->kind != Allocation::Kind::registered)
      return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    const CUresult status = synchronise(context, lock);
    driver().memory.remove(*found);
    return status;
  });
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr* address, void* memory, unsigned flags) {
  return with_context([&](Context&, Lock&) {
    const Allocation* const found = driver().memory.find_user(memory);
    if (address == nullptr || flags != 0 || found == nullptr ||
        found->kind == Allocation::Kind::managed)
      return CUDA_ERROR_INVALID_VALUE;
    *address =
        found->base + static_cast<std::uint64_t>(static_cast<std::byte*>(memory) - found->user);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAllocManaged(CUdeviceptr* address, std::size_t bytes, unsigned flags) {
  return with_context([&](Context& context, Lock&) {
    if (address == nullptr || bytes == 0 ||
        (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST))
      return CUDA_ERROR_INVALID_VALUE;
    if (driver().faulty("out_of_memory", context.device->ordinal)) return CUDA_ERROR_OUT_OF_MEMORY;
    Allocation* const made = driver().memory.add_managed(bytes);
    made->context = &context;
    made->for_host_only = flags == CU_MEM_ATTACH_HOST;
    *address = made->base;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAdvise(CUdeviceptr address, std::size_t bytes, CUmem_advise, CUmemLocation) {
  return with_context([&](Context&, Lock&) {
    const Allocation* const found = driver().memory.find(address);
    const bool fits = found != nullptr && found->kind == Allocation::Kind::managed &&
                      address + bytes <= found->base + found->bytes;
    return fits ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuMemPrefetchAsync(CUdeviceptr address, std::size_t bytes, CUmemLocation, unsigned,
                            CUstream handle) {
  return with_context([&](Context& context, Lock&) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const Allocation* const found = driver().memory.find(address);
    const bool fits = found != nullptr && found->kind == Allocation::Kind::managed &&
                      address + bytes <= found->base + found->bytes;
    return fits ? enqueue(*stream, {Op::Kind::marker, "prefetch", {}}) : CUDA_ERROR_INVALID_VALUE;
  });
}

}  // extern "C"
