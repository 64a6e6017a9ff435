// Modules, functions and launches.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/drivers/cuda/decode.h"
#include "tests/drivers/cuda/execution.h"
#include "tests/drivers/cuda/ptx_lexer.h"
#include "tests/drivers/cuda/ptx_parser.h"

using namespace cuda_emulator;

namespace {

void write_log(unsigned count, CUjit_option* names, void** values, const std::string& text) {
  std::fprintf(stderr, "emulated CUDA: %s\n", text.c_str());
  char* log = nullptr;
  std::size_t size = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (names[i] == CU_JIT_ERROR_LOG_BUFFER) log = static_cast<char*>(values[i]);
    if (names[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      size = reinterpret_cast<std::size_t>(values[i]);
  }
  if (log != nullptr && size > 0) std::snprintf(log, size, "%s", text.c_str());
}

Allocation* place(Context& context, const ptx::Variable& variable, Module& module) {
  const std::uint64_t bytes = std::max<std::uint64_t>(variable.bytes(), 1);
  Allocation* const made = driver().memory.add_device(context.device->ordinal, bytes);
  if (made == nullptr) throw std::bad_alloc();
  context.device->used += bytes;
  made->context = &context;
  std::memset(made->pages->host, 0, bytes);  // variables without a value are zero
  module.variables.push_back(made);
  return made;
}

// Throws PtxError.
std::unique_ptr<Module> load(Context& context, std::string_view text) {
  auto module = std::make_unique<Module>();
  module->context = &context;
  Decoded decoded = decode(ptx::parse(text), [&](const ptx::Variable& variable) {
    return place(context, variable, *module)->base;
  });
  for (const Image& image : decoded.images) {
    std::memcpy(driver().memory.find(image.address)->pages->host, image.bytes.data(),
                image.bytes.size());
  }
  module->program = std::make_shared<const Program>(std::move(decoded.program));
  return module;
}

CUresult check_shape(const KernelHandle& kernel, const Launch& launch) {
  for (std::size_t d = 0; d < 3; ++d) {
    if (launch.grid[d] == 0 || launch.block[d] == 0) return CUDA_ERROR_INVALID_VALUE;
  }
  const std::uint64_t threads = std::uint64_t{launch.block[0]} * launch.block[1] * launch.block[2];
  if (launch.block[0] > 1024 || launch.block[1] > 1024 || launch.block[2] > 64 ||
      threads > kernel.function->threads_max)
    return CUDA_ERROR_INVALID_VALUE;
  if (launch.grid[0] > 2147483647 || launch.grid[1] > 65535 || launch.grid[2] > 65535)
    return CUDA_ERROR_INVALID_VALUE;
  const auto& needs = kernel.function->required_threads;
  if (needs[0] != 0 && !std::equal(needs, needs + 3, launch.block.begin()))
    return CUDA_ERROR_INVALID_VALUE;
  if (std::uint64_t{launch.dynamic_shared} + kernel.function->shared_bytes >
      std::max<std::uint64_t>(kernel.dynamic_shared_max, 48u << 10))
    return CUDA_ERROR_INVALID_VALUE;
  // One multiprocessor of 2,048 threads: all blocks of a cooperative launch must be on it at once.
  const std::uint64_t blocks = std::uint64_t{launch.grid[0]} * launch.grid[1] * launch.grid[2];
  if (launch.cooperative && blocks * threads > 2048) return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
  return CUDA_SUCCESS;
}

// Arguments are read now, not when the kernel runs.
bool take_arguments(const Function& function, void** arguments, void** extra,
                    std::vector<std::byte>& block) {
  block.resize(function.parameter_bytes);
  if (arguments != nullptr) {
    for (std::size_t i = 0; i < function.parameters.size(); ++i)
      std::memcpy(block.data() + function.parameters[i].offset, arguments[i],
                  function.parameters[i].bytes);
    return true;
  }
  if (extra == nullptr) return function.parameters.empty();
  const void* packed = nullptr;
  std::size_t bytes = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) packed = extra[1];
    if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) bytes = *static_cast<std::size_t*>(extra[1]);
  }
  if (packed == nullptr || bytes < block.size()) return false;
  std::memcpy(block.data(), packed, block.size());
  return true;
}

CUresult launch_kernel(CUfunction handle, Launch launch, CUstream stream_handle, void** arguments,
                       void** extra) {
  return with_context([&](Context& context, Lock&) {
    KernelHandle* const kernel = alive<KernelHandle>(handle);
    Stream* const stream = stream_of(context, stream_handle);
    if (kernel == nullptr || stream == nullptr || kernel->module->context != stream->context)
      return CUDA_ERROR_INVALID_HANDLE;
    if (const CUresult status = check_shape(*kernel, launch); status != CUDA_SUCCESS) return status;
    launch.kernel = kernel->function;
    launch.stack_bytes = static_cast<std::uint32_t>(context.limits.at(CU_LIMIT_STACK_SIZE));
    if (!take_arguments(*kernel->function, arguments, extra, launch.parameters))
      return CUDA_ERROR_INVALID_VALUE;
    return enqueue(*stream, {Op::Kind::kernel, "kernel " + kernel->function->name,
                             launch_body(context, kernel->module->program, std::move(launch))});
  });
}

}  // namespace

extern "C" {

CUresult cuModuleLoadDataEx(CUmodule* handle, const void* image, unsigned count,
                            CUjit_option* names, void** values) {
  return with_context([&](Context& context, Lock&) {
    if (handle == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto* const text = static_cast<const char*>(image);
    static constexpr unsigned char fatbin[] = {0x50, 0xED, 0x55, 0xBA};
    if (std::memcmp(text,
                    "\x7f"
                    "ELF",
                    4) == 0 ||
        std::memcmp(text, fatbin, 4) == 0) {
      write_log(count, names, values,
                "only PTX is executed here, and the image is a binary for a real device");
      return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    try {
      Module* const module = load(context, text).release();
      context.modules.insert(module);
      driver().add(module);
      *handle = reinterpret_cast<CUmodule>(module);
      return CUDA_SUCCESS;
    } catch (const PtxError& error) {
      write_log(count, names, values,
                "ptx line " + std::to_string(error.line) + ": error: " + error.what);
      return CUDA_ERROR_INVALID_PTX;
    }
  });
}

CUresult cuModuleLoadData(CUmodule* handle, const void* image) {
  return cuModuleLoadDataEx(handle, image, 0, nullptr, nullptr);
}

CUresult cuModuleLoad(CUmodule* handle, const char* path) {
  std::ifstream file(path);
  if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return cuModuleLoadData(handle, text.c_str());
}

// Waits for what runs: kernels of the module may be queued.
CUresult cuModuleUnload(CUmodule handle) {
  return with_context([&](Context& context, Lock& lock) {
    Module* const module = alive<Module>(handle);
    if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const CUresult status = synchronise(context, lock);
    for (const auto& [name, kernel] : module->kernels) driver().handles.erase(kernel.get());
    for (Allocation* const variable : module->variables) {
      context.device->used -= variable->bytes;
      driver().memory.remove(*variable);
    }
    driver().handles.erase(module);
    context.modules.erase(module);
    return status;
  });
}

CUresult cuModuleGetFunction(CUfunction* handle, CUmodule module_handle, const char* name) {
  return with_context([&](Context&, Lock&) {
    Module* const module = alive<Module>(module_handle);
    if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const Function* const function = module->program->kernel(name);
    if (function == nullptr) return CUDA_ERROR_NOT_FOUND;
    auto& kernel = module->kernels[name];
    if (kernel == nullptr) {
      kernel = std::make_unique<KernelHandle>();
      kernel->module = module;
      kernel->function = function;
      driver().add(kernel.get());
    }
    *handle = reinterpret_cast<CUfunction>(kernel.get());
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule handle,
                           const char* name) {
  return with_context([&](Context&, Lock&) {
    const Module* const module = alive<Module>(handle);
    if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const auto found = module->program->variables.find(std::string_view(name));
    if (found == module->program->variables.end()) return CUDA_ERROR_NOT_FOUND;
    if (address != nullptr) *address = found->second.address;
    if (bytes != nullptr) *bytes = found->second.bytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncLoad(CUfunction handle) {
  return with_context([&](Context&, Lock&) {
    return alive<KernelHandle>(handle) == nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_SUCCESS;
  });
}

CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction handle) {
  return with_context([&](Context&, Lock&) {
    const KernelHandle* const kernel = alive<KernelHandle>(handle);
    if (kernel == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    switch (attribute) {
      case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        *value = static_cast<int>(kernel->function->threads_max);
        break;
      case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
        *value = static_cast<int>(kernel->function->shared_bytes);
        break;
      case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
        *value = static_cast<int>(kernel->function->stack_bytes);
        break;
      case CU_FUNC_ATTRIBUTE_NUM_REGS:
        *value = static_cast<int>(std::min(255u, kernel->function->registers));
        break;
      case CU_FUNC_ATTRIBUTE_PTX_VERSION:
      case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = options().capability; break;
      case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
        *value = static_cast<int>(kernel->dynamic_shared_max);
        break;
      default: *value = 0;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value) {
  return with_context([&](Context&, Lock&) {
    KernelHandle* const kernel = alive<KernelHandle>(handle);
    if (kernel == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 ||
        value > 163 << 10)
      return CUDA_ERROR_INVALID_VALUE;
    kernel->dynamic_shared_max = static_cast<std::uint32_t>(value);
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetParamInfo(CUfunction handle, std::size_t index, std::size_t* offset,
                            std::size_t* bytes) {
  return with_context([&](Context&, Lock&) {
    const KernelHandle* const kernel = alive<KernelHandle>(handle);
    if (kernel == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (index >= kernel->function->parameters.size() || offset == nullptr)
      return CUDA_ERROR_INVALID_VALUE;
    *offset = kernel->function->parameters[index].offset;
    if (bytes != nullptr) *bytes = kernel->function->parameters[index].bytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                        unsigned by, unsigned bz, unsigned shared, CUstream stream,
                        void** arguments, void** extra) {
  Launch launch;
  launch.grid = {gx, gy, gz};
  launch.block = {bx, by, bz};
  launch.dynamic_shared = shared;
  return launch_kernel(function, std::move(launch), stream, arguments, extra);
}

CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz,
                                   unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                   CUstream stream, void** arguments) {
  Launch launch;
  launch.grid = {gx, gy, gz};
  launch.block = {bx, by, bz};
  launch.dynamic_shared = shared;
  launch.cooperative = true;
  return launch_kernel(function, std::move(launch), stream, arguments, nullptr);
}

}  // extern "C"
