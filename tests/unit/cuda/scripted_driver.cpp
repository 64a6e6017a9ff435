#include "tests/unit/cuda/scripted_driver.h"

namespace troika::cuda {

ScriptedDriver* ScriptedDriver::now = nullptr;

// The driver's entries are functions without a state of their own.
struct Entries {
  static ScriptedDriver& test() { return *ScriptedDriver::now; }
  template <class Handle>
  static std::uintptr_t number(Handle handle) {
    return reinterpret_cast<std::uintptr_t>(handle);
  }
  static void called(const std::string& what) {
    if (test().contexts == 0) ++test().outside;
    test().calls.push_back(what);
  }
  static std::string stream(CUstream stream) { return " stream" + std::to_string(number(stream)); }
  static std::string event(CUevent event) { return " event" + std::to_string(number(event)); }

  static void contexts(Api& api) {
    api.GetErrorName = [](CUresult error, const char** name) {
      *name =
          error == CUDA_ERROR_ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_OTHER";
      return CUDA_SUCCESS;
    };
    api.CtxPushCurrent = [](CUcontext) {
      ++test().contexts;
      return CUDA_SUCCESS;
    };
    api.CtxPopCurrent = [](CUcontext*) {
      --test().contexts;
      return CUDA_SUCCESS;
    };
    api.DevicePrimaryCtxRelease = [](CUdevice) {
      test().calls.emplace_back("release context");
      return CUDA_SUCCESS;
    };
  }

  static void streams(Api& api) {
    api.StreamCreateWithPriority = [](CUstream* made, unsigned flags, int priority) {
      *made = reinterpret_cast<CUstream>(test().next_handle++);
      called("create" + stream(*made) + " priority " + std::to_string(priority) +
             (flags == CU_STREAM_NON_BLOCKING ? "" : " blocking"));
      return CUDA_SUCCESS;
    };
    api.StreamDestroy = [](CUstream gone) {
      called("destroy" + stream(gone));
      return CUDA_SUCCESS;
    };
    api.StreamWaitEvent = [](CUstream waits, CUevent on, unsigned) {
      called("wait" + stream(waits) + event(on));
      return test().error;
    };
    api.LaunchHostFunc = [](CUstream behind, CUhostFn function, void* data) {
      called("notice" + stream(behind));
      test().notices.emplace_back(function, data);
      return test().error;
    };
  }

  static void events(Api& api) {
    api.EventCreate = [](CUevent* made, unsigned) {
      *made = reinterpret_cast<CUevent>(test().next_handle++);
      called("create" + event(*made));
      return CUDA_SUCCESS;
    };
    api.EventDestroy = [](CUevent gone) {
      called("destroy" + event(gone));
      return CUDA_SUCCESS;
    };
    api.EventRecord = [](CUevent made, CUstream on) {
      called("record" + stream(on) + event(made));
      test().recorded.insert(number(made));
      test().happened.erase(number(made));
      ++test().recordings[number(made)];
      return test().error;
    };
    api.EventQuery = [](CUevent asked) {
      if (test().contexts == 0) ++test().outside;
      if (test().error != CUDA_SUCCESS) return test().error;
      return test().happened.contains(number(asked)) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
    };
    api.EventElapsedTime = [](float* milliseconds, CUevent, CUevent) {
      *milliseconds = 1;
      return CUDA_SUCCESS;
    };
  }

  static void memory(Api& api) {
    api.MemAllocFromPoolAsync = [](CUdeviceptr* made, std::size_t, CUmemoryPool, CUstream on) {
      called("allocate" + stream(on));
      *made = 4096 * test().next_handle++;
      return test().refuses;
    };
    api.MemFreeAsync = [](CUdeviceptr, CUstream on) {
      called("free" + stream(on));
      return CUDA_SUCCESS;
    };
    api.MemPoolDestroy = [](CUmemoryPool) {
      called("destroy pool");
      return CUDA_SUCCESS;
    };
    api.MemHostRegister = [](void*, std::size_t bytes, unsigned) {
      called("register " + std::to_string(bytes));
      return test().refuses;
    };
    api.MemHostUnregister = [](void*) {
      called("unregister");
      return CUDA_SUCCESS;
    };
    api.MemHostGetDevicePointer = [](CUdeviceptr* there, void* host, unsigned) {
      *there = number(host) + 1;
      return CUDA_SUCCESS;
    };
    api.MemcpyHtoDAsync = [](CUdeviceptr, const void*, std::size_t, CUstream on) {
      called("in" + stream(on));
      return test().error;
    };
    api.MemcpyDtoHAsync = [](void*, CUdeviceptr, std::size_t, CUstream on) {
      called("out" + stream(on));
      return test().error;
    };
    api.MemsetD8Async = [](CUdeviceptr, unsigned char, std::size_t, CUstream on) {
      called("fill" + stream(on));
      return test().error;
    };
  }
};

ScriptedDriver::ScriptedDriver() {
  now = this;
  Entries::contexts(api);
  Entries::streams(api);
  Entries::events(api);
  Entries::memory(api);
  core->api = &api;
  core->environment = &environment;
  core->context = reinterpret_cast<CUcontext>(next_handle++);
  core->service = reinterpret_cast<CUstream>(next_handle++);
  core->pool = reinterpret_cast<CUmemoryPool>(next_handle++);
  core->taken = reinterpret_cast<CUevent>(next_handle++);
  core->name = core->budget.device = "fake0";
  core->budget.bytes = 1 << 20;
  core->space = SpaceId{1};
  core->copy_priority = -5;
  core->pages = std::make_shared<HostPages>(api);
}

// As the driver would, before it is gone: what is owed is told.
ScriptedDriver::~ScriptedDriver() {
  if (error == CUDA_SUCCESS)
    for (const auto& [function, data] : notices) function(data);
  core.reset();
  EXPECT_EQ(outside, 0) << "calls outside the device's context";
  EXPECT_EQ(contexts, 0) << "contexts left current";
}

std::size_t ScriptedDriver::count(const std::string& prefix) const {
  return static_cast<std::size_t>(
      std::count_if(calls.begin(), calls.end(),
                    [&](const std::string& call) { return call.starts_with(prefix); }));
}

}  // namespace troika::cuda
