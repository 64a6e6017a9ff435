#include <algorithm>
#include <array>

#include "backends/cuda/cuda.h"
#include "backends/cuda/nvrtc.h"

namespace troika::cuda {
namespace {

enum class Form : std::uint8_t { source, ptx, binary };

// Of PTX the first word that is no comment's is a directive; CUDA C cannot begin like that.
bool is_ptx(std::string_view code) {
  for (;;) {
    const std::size_t word = code.find_first_not_of(" \t\r\n");
    if (word == std::string_view::npos) return false;
    code.remove_prefix(word);
    const bool block = code.starts_with("/*");
    if (!block && !code.starts_with("//")) return code.starts_with(".version");
    const std::size_t end = code.find(block ? "*/" : "\n");
    if (end == std::string_view::npos) return false;
    code.remove_prefix(end + (block ? 2 : 1));
  }
}

Form form_of(std::string_view code) {
  constexpr std::string_view elf =
                                 "\x7f"
                                 "ELF",
                             fatbin = "\x50\xed\x55\xba";
  if (code.starts_with(elf) || code.starts_with(fatbin)) return Form::binary;
  return is_ptx(code) ? Form::ptx : Form::source;
}

// PTX or binary code for this device, from what the user gave.
Result<std::string> code_for(const Core& core, const ProgramCache& cache,
                             const KernelImage& image) {
  if (form_of(image.code) != Form::source) return image.code;
  const std::string key = core.identity + '\n' + image.options + '\n' + image.code;
  if (auto known = cache.find(key)) return *std::move(known);
  const auto compiler = load_compiler();
  // Not unavailable: the device is there, and takes PTX.
  if (!compiler.ok())
    return Status{Code::kernel_failed,
                  "CUDA C needs NVRTC: " + std::string{compiler.status().message()}};
  TROIKA_ASSIGN(Compiled compiled, compile(**compiler, image.operation + ".cu", image.code,
                                           image.options, Target::ptx, core.architecture));
  // A program that cannot be kept is still a program; open_all() has told why.
  static_cast<void>(cache.store(key, compiled.code));
  return std::move(compiled.code);
}

class Module {
 public:
  explicit Module(const Core& core) noexcept : core_{core} {}
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module() {
    if (handle) core_.api->ModuleUnload(handle);
  }
  CUmodule release() noexcept { return std::exchange(handle, nullptr); }

  CUmodule handle = nullptr;

 private:
  const Core& core_;
};

Status load_module(const Core& core, const std::string& code, Module& module) {
  std::array<char, 8192> log{};
  std::array<CUjit_option, 2> options{CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  std::array<void*, 2> values{log.data(), reinterpret_cast<void*>(log.size())};
  const CUresult error = core.api->ModuleLoadDataEx(&module.handle, code.c_str(),
                                                    static_cast<unsigned>(options.size()),
                                                    options.data(), values.data());
  if (error == CUDA_SUCCESS) return {};
  log.back() = '\0';
  const Status why = failure(*core.api, Code::kernel_failed, "cuModuleLoadDataEx", error);
  return log.front() == '\0' ? why : why.within(log.data());
}

// That the function takes what will be given to it, byte for byte.
Status check_parameters(const Core& core, CUfunction function, const KernelImage& image) {
  std::vector<std::size_t> given;
  for (const Param& param : image.params) {
    given.push_back(param.is_buffer ? sizeof(CUdeviceptr) : size_of(param.type));
    if (param.is_buffer) given.push_back(sizeof(std::uint64_t));
  }
  std::vector<std::size_t> taken;
  std::size_t offset = 0, bytes = 0;
  while (core.api->FuncGetParamInfo(function, taken.size(), &offset, &bytes) == CUDA_SUCCESS)
    taken.push_back(bytes);
  if (given == taken) return {};
  std::string text = "`" + image.entry + "` takes " + std::to_string(taken.size()) + " arguments";
  if (given.size() == taken.size()) {
    const auto at = static_cast<std::size_t>(
        std::mismatch(given.begin(), given.end(), taken.begin()).first - given.begin());
    text = "argument " + std::to_string(at) + " of `" + image.entry + "` has " +
           std::to_string(taken[at]) + " bytes";
    return {Code::kernel_failed, text + ", its parameter " + std::to_string(given[at])};
  }
  return {Code::kernel_failed, text + ", its parameters need " + std::to_string(given.size()) +
                                   " (two a buffer: base and byte offset)"};
}

}  // namespace

CudaKernel::CudaKernel(std::shared_ptr<const Core> core, CUmodule module, CUfunction function,
                       unsigned threads_max, const KernelImage& image)
    : core_{std::move(core)},
      module_{module},
      function_{function},
      threads_max_{threads_max},
      operation_{image.operation},
      params_{image.params} {}

CudaKernel::~CudaKernel() {
  const Current current{*core_};
  core_->api->ModuleUnload(module_);
}

// Of a rectangle, a rectangle: 256 threads, or as few as the function can have.
std::array<unsigned, 3> CudaKernel::block_of(const LaunchShape& shape) const noexcept {
  if (shape.local[0] != 0) {
    std::array<unsigned, 3> block{};
    for (std::size_t i = 0; i < 3; ++i)
      block[i] = static_cast<unsigned>(std::max<std::size_t>(shape.local[i], 1));
    return block;
  }
  const unsigned threads = std::min(threads_max_, 256U);
  if (shape.global[1] == 1 || threads < 32) return {threads, 1, 1};
  return {32, threads / 32, 1};
}

Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const ProgramCache& cache,
                                                  const KernelImage& image) {
  if (image.dialect != Dialect::ptx)
    return Status{Code::unsupported,
                  core->name + " takes ptx, not " + std::string{troika::name_of(image.dialect)}};
  const std::string context = image.operation + " on " + core->name;
  const auto code = code_for(*core, cache, image);
  if (!code.ok()) return code.status().within(context);
  const Current current{*core};
  Module module{*core};
  if (Status status = load_module(*core, *code, module); !status.ok())
    return status.within(context);
  const auto failed = [&](const std::string& call, CUresult error) {
    return failure(*core->api, Code::kernel_failed, call, error).within(context);
  };
  CUfunction function = nullptr;
  CUresult error = core->api->ModuleGetFunction(&function, module.handle, image.entry.c_str());
  if (error != CUDA_SUCCESS) return failed("cuModuleGetFunction of `" + image.entry + "`", error);
  if (Status status = check_parameters(*core, function, image); !status.ok())
    return status.within(context);
  // Else its first launch would load it.
  error = core->api->FuncLoad(function);
  if (error != CUDA_SUCCESS) return failed("cuFuncLoad", error);
  int threads = 0;
  error = core->api->FuncGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function);
  if (error != CUDA_SUCCESS) return failed("cuFuncGetAttribute", error);
  return std::unique_ptr<LoadedKernel>{std::make_unique<CudaKernel>(
      core, module.release(), function, static_cast<unsigned>(threads), image)};
}

}  // namespace troika::cuda
