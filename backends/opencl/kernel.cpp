#include <algorithm>

#include "backends/opencl/opencl.h"

namespace troika::opencl {
namespace {

// Contraction is off so that a host kernel of the same arithmetic gives the same bits. The log's
// line numbers stay the source's.
constexpr std::string_view preamble = "#pragma OPENCL FP_CONTRACT OFF\n#line 1\n";

class Program {
 public:
  Program(const Core& core, cl_program program) noexcept : core_{core}, program_{program} {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (program_) core_.api->ReleaseProgram(program_);
  }
  cl_program get() const noexcept { return program_; }

 private:
  const Core& core_;
  const cl_program program_;
};

std::string build_log(const Core& core, cl_program program) {
  std::size_t bytes = 0;
  core.api->GetProgramBuildInfo(program, core.device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &bytes);
  std::string log(bytes, '\0');
  core.api->GetProgramBuildInfo(program, core.device, CL_PROGRAM_BUILD_LOG, bytes, log.data(),
                                nullptr);
  while (!log.empty() && (log.back() == '\0' || log.back() == '\n')) log.pop_back();
  return log;
}

cl_int build(const Core& core, cl_program program, const std::string& options) {
  return core.api->BuildProgram(program, 1, &core.device, options.c_str(), nullptr, nullptr);
}

// Also compiles what the driver would otherwise leave to a first launch. Empty when it has none.
std::string binary_of(const Core& core, cl_program program) {
  std::size_t bytes = 0;
  if (core.api->GetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, nullptr) !=
          CL_SUCCESS ||
      bytes == 0)
    return {};
  std::string binary(bytes, '\0');
  auto* into = reinterpret_cast<unsigned char*>(binary.data());
  if (core.api->GetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof into, &into, nullptr) !=
      CL_SUCCESS)
    return {};
  return binary;
}

// Null when the driver does not take the binary: another one wrote it, whatever its key says.
cl_program from_binary(const Core& core, const std::string& binary, const std::string& options) {
  const std::size_t bytes = binary.size();
  const auto* from = reinterpret_cast<const unsigned char*>(binary.data());
  cl_int taken = CL_SUCCESS, error = CL_SUCCESS;
  const cl_program program = core.api->CreateProgramWithBinary(core.context, 1, &core.device,
                                                               &bytes, &from, &taken, &error);
  if (error != CL_SUCCESS) return nullptr;
  if (taken == CL_SUCCESS && build(core, program, options) == CL_SUCCESS) return program;
  core.api->ReleaseProgram(program);
  return nullptr;
}

Result<cl_program> from_source(const Core& core, const std::string& source,
                               const std::string& options) {
  const char* text = source.c_str();
  cl_int error = CL_SUCCESS;
  const cl_program program =
      core.api->CreateProgramWithSource(core.context, 1, &text, nullptr, &error);
  if (error != CL_SUCCESS) return failure(Code::kernel_failed, "clCreateProgramWithSource", error);
  error = build(core, program, options);
  if (error == CL_SUCCESS) return program;
  const std::string log = build_log(core, program);
  core.api->ReleaseProgram(program);
  return failure(Code::kernel_failed, "clBuildProgram", error).within(log);
}

}  // namespace

ClKernel::ClKernel(std::shared_ptr<const Core> core, cl_kernel kernel, std::string operation,
                   std::vector<Param> params) noexcept
    : core_{std::move(core)},
      kernel_{kernel},
      operation_{std::move(operation)},
      params_{std::move(params)},
      arguments_(2 * params_.size()) {}

ClKernel::~ClKernel() { core_->api->ReleaseKernel(kernel_); }

Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const ProgramCache& cache,
                                                  const KernelImage& image) {
  if (image.dialect != Dialect::opencl_c)
    return Status{Code::unsupported, core->name + " takes opencl-c, not " +
                                         std::string{troika::name_of(image.dialect)}};
  const std::string context = image.operation + " on " + core->name;
  const std::string options = core->build_options + " " + image.options;
  const std::string source = std::string{preamble} + image.code;
  const std::string key = core->identity + '\n' + options + '\n' + source;

  cl_program built = nullptr;
  if (const auto binary = cache.find(key)) built = from_binary(*core, *binary, options);
  if (!built) {
    auto compiled = from_source(*core, source, options);
    if (!compiled.ok()) return compiled.status().within(context);
    built = *compiled;
    // A program that cannot be kept is still a program; open_all() has told why.
    if (const std::string binary = binary_of(*core, built); !binary.empty())
      static_cast<void>(cache.store(key, binary));
  }
  const Program program{*core, built};

  cl_int error = CL_SUCCESS;
  const cl_kernel handle = core->api->CreateKernel(program.get(), image.entry.c_str(), &error);
  if (error != CL_SUCCESS)
    return failure(Code::kernel_failed, "clCreateKernel of `" + image.entry + "`", error)
        .within(context);
  auto kernel = std::make_unique<ClKernel>(core, handle, image.operation, image.params);

  cl_uint takes = 0;
  core->api->GetKernelInfo(handle, CL_KERNEL_NUM_ARGS, sizeof takes, &takes, nullptr);
  const auto buffers = std::count_if(image.params.begin(), image.params.end(),
                                     [](const Param& param) { return param.is_buffer; });
  const std::size_t needs = image.params.size() + static_cast<std::size_t>(buffers);
  if (takes != needs)
    return Status{Code::kernel_failed,
                  context + ": `" + image.entry + "` takes " + std::to_string(takes) +
                      " arguments, its parameters need " + std::to_string(needs) +
                      " (two a buffer: base and byte offset)"};
  return std::unique_ptr<LoadedKernel>{std::move(kernel)};
}

}  // namespace troika::opencl
