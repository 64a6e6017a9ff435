#define CL_TARGET_OPENCL_VERSION 120
#include <map>

#include <CL/cl.h>

#include "tests/kernels/runner.h"

namespace troika::kernels {
namespace {

Status failed(const std::string& what, cl_int error) {
  return {Code::internal, what + ": OpenCL error " + std::to_string(error)};
}

struct Release {
  void operator()(cl_context x) const { clReleaseContext(x); }
  void operator()(cl_command_queue x) const { clReleaseCommandQueue(x); }
  void operator()(cl_program x) const { clReleaseProgram(x); }
  void operator()(cl_kernel x) const { clReleaseKernel(x); }
  void operator()(cl_mem x) const { clReleaseMemObject(x); }
};
template <class T>
using Owned = std::unique_ptr<std::remove_pointer_t<T>, Release>;

class OpenClRunner final : public Runner {
 public:
  OpenClRunner(cl_device_id device, Owned<cl_context> context, Owned<cl_command_queue> queue)
      : device_{device}, context_{std::move(context)}, queue_{std::move(queue)} {}

 private:
  struct Built {
    Owned<cl_program> program;
    Owned<cl_kernel> kernel;
  };

  Result<cl_kernel> kernel_of(const Operation& operation) {
    Built& built = built_[operation.name];
    if (built.kernel) return built.kernel.get();
    const KernelImage& image = *operation.image(Dialect::opencl_c);
    const char* code = image.code.c_str();
    cl_int error = CL_SUCCESS;
    built.program.reset(clCreateProgramWithSource(context_.get(), 1, &code, nullptr, &error));
    if (error != CL_SUCCESS) return failed("clCreateProgramWithSource", error);
    error =
        clBuildProgram(built.program.get(), 1, &device_, image.options.c_str(), nullptr, nullptr);
    if (error != CL_SUCCESS) {
      std::string log(65'536, '\0');
      std::size_t length = 0;
      clGetProgramBuildInfo(built.program.get(), device_, CL_PROGRAM_BUILD_LOG, log.size(),
                            log.data(), &length);
      log.resize(length);
      return failed("clBuildProgram of " + operation.name + ": " + log, error);
    }
    built.kernel.reset(clCreateKernel(built.program.get(), image.entry.c_str(), &error));
    if (error != CL_SUCCESS) return failed("clCreateKernel of " + operation.name, error);
    return built.kernel.get();
  }

  Status launch(const Operation& operation, std::span<const CallArg> args,
                const LaunchShape& shape) override {
    TROIKA_ASSIGN(const cl_kernel kernel, kernel_of(operation));
    std::vector<Owned<cl_mem>> buffers;
    cl_uint next = 0;
    cl_int error = CL_SUCCESS;
    for (const CallArg& arg : args) {
      if (arg.bytes.empty()) {
        error = clSetKernelArg(kernel, next++, size_of(arg.scalar.type), arg.scalar.bytes.data());
      } else {
        buffers.emplace_back(clCreateBuffer(context_.get(), CL_MEM_COPY_HOST_PTR, arg.bytes.size(),
                                            arg.bytes.data(), &error));
        if (error != CL_SUCCESS) return failed("clCreateBuffer", error);
        const cl_mem buffer = buffers.back().get();
        const cl_ulong offset = arg.region.offset;
        error = clSetKernelArg(kernel, next++, sizeof(cl_mem), &buffer);
        if (error == CL_SUCCESS) error = clSetKernelArg(kernel, next++, sizeof offset, &offset);
      }
      if (error != CL_SUCCESS)
        return failed("clSetKernelArg " + std::to_string(next - 1) + " of " + operation.name,
                      error);
    }
    error = clEnqueueNDRangeKernel(queue_.get(), kernel, 3, nullptr, shape.global.data(),
                                   shape.local[0] != 0 ? shape.local.data() : nullptr, 0, nullptr,
                                   nullptr);
    if (error != CL_SUCCESS) return failed("clEnqueueNDRangeKernel of " + operation.name, error);

    auto buffer = buffers.begin();
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (args[i].bytes.empty()) continue;
      if (writes(operation.params[i].access)) {
        error = clEnqueueReadBuffer(queue_.get(), buffer->get(), CL_TRUE, 0, args[i].bytes.size(),
                                    args[i].bytes.data(), 0, nullptr, nullptr);
        if (error != CL_SUCCESS) return failed("clEnqueueReadBuffer", error);
      }
      ++buffer;
    }
    return {};
  }

  cl_device_id device_;
  Owned<cl_context> context_;
  Owned<cl_command_queue> queue_;
  std::map<std::string, Built> built_;
};

}  // namespace

Result<std::unique_ptr<Runner>> opencl_runner() {
  cl_platform_id platform = nullptr;
  cl_device_id device = nullptr;
  if (clGetPlatformIDs(1, &platform, nullptr) != CL_SUCCESS || platform == nullptr)
    return Status{Code::unavailable, "no OpenCL platform"};
  if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr) != CL_SUCCESS)
    return Status{Code::unavailable, "no OpenCL device"};
  cl_int error = CL_SUCCESS;
  Owned<cl_context> context{clCreateContext(nullptr, 1, &device, nullptr, nullptr, &error)};
  if (error != CL_SUCCESS) return failed("clCreateContext", error);
  Owned<cl_command_queue> queue{clCreateCommandQueue(context.get(), device, 0, &error)};
  if (error != CL_SUCCESS) return failed("clCreateCommandQueue", error);
  return std::unique_ptr<Runner>{
      std::make_unique<OpenClRunner>(device, std::move(context), std::move(queue))};
}

}  // namespace troika::kernels
