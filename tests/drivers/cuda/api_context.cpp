// Contexts, their stacks and their peers.
#include <algorithm>

#include "tests/drivers/cuda/driver.h"

using namespace cuda_emulator;

extern "C" {

CUresult cuCtxCreate(CUcontext* context, CUctxCreateParams*, unsigned flags, CUdevice ordinal) {
  return with_driver([&](Lock&) {
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (ordinal < 0 || ordinal >= options().devices) return CUDA_ERROR_INVALID_DEVICE;
    Context* const made =
        make_context(*driver().devices[static_cast<std::size_t>(ordinal)], false, flags);
    this_thread().contexts.push_back(made);
    *context = reinterpret_cast<CUcontext>(made);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxDestroy(CUcontext handle) {
  return with_driver([&](Lock& lock) {
    Context* const context = alive<Context>(handle);
    if (context == nullptr || context->is_primary) return CUDA_ERROR_INVALID_CONTEXT;
    end_context(*context, lock);
    auto& stack = this_thread().contexts;
    if (!stack.empty() && stack.back() == context) stack.pop_back();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPushCurrent(CUcontext handle) {
  return with_driver([&](Lock&) {
    Context* const context = alive<Context>(handle);
    if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    this_thread().contexts.push_back(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPopCurrent(CUcontext* handle) {
  return with_driver([&](Lock&) {
    auto& stack = this_thread().contexts;
    if (stack.empty()) return CUDA_ERROR_INVALID_CONTEXT;
    if (handle != nullptr) *handle = reinterpret_cast<CUcontext>(stack.back());
    stack.pop_back();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetCurrent(CUcontext handle) {
  return with_driver([&](Lock&) {
    auto& stack = this_thread().contexts;
    Context* const context = alive<Context>(handle);
    if (handle != nullptr && context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    if (!stack.empty()) stack.pop_back();
    if (context != nullptr) stack.push_back(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetCurrent(CUcontext* handle) {
  return with_driver([&](Lock&) {
    if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto& stack = this_thread().contexts;
    *handle = stack.empty() ? nullptr : reinterpret_cast<CUcontext>(stack.back());
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice(CUdevice* device) {
  return with_context([&](Context& context, Lock&) {
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *device = context.device->ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSynchronize() {
  return with_context([&](Context& context, Lock& lock) {
    const CUresult unsafe = safe_in_captures();
    return unsafe != CUDA_SUCCESS ? unsafe : synchronise(context, lock);
  });
}

CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return with_context([&](Context&, Lock&) {
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = -5;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetLimit(std::size_t* value, CUlimit limit) {
  return with_context([&](Context& context, Lock&) {
    const auto found = context.limits.find(limit);
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (found == context.limits.end()) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    *value = found->second;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetLimit(CUlimit limit, std::size_t value) {
  return with_context([&](Context& context, Lock&) {
    const auto found = context.limits.find(limit);
    if (found == context.limits.end()) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    found->second = std::min<std::size_t>(value, std::size_t{1} << 24);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags) {
  return with_context([&](Context& context, Lock&) {
    Context* const other = alive<Context>(peer);
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (other == nullptr || other->device == context.device) return CUDA_ERROR_INVALID_CONTEXT;
    return context.peers.insert(other).second ? CUDA_SUCCESS
                                              : CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED;
  });
}

CUresult cuCtxDisablePeerAccess(CUcontext peer) {
  return with_context([&](Context& context, Lock&) {
    Context* const other = alive<Context>(peer);
    if (other == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    return context.peers.erase(other) != 0 ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_NOT_ENABLED;
  });
}

}  // extern "C"
