// The same vector additions by hand: nothing but OpenCL, what any runtime on top of it pays too.
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "backends/opencl/api.h"
#include "bench/peers/vector_adds.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

constexpr const char* add_opencl =
    "kernel void add(global const float* x, ulong x0, global const float* y, ulong y0,"
    "                global float* z, ulong z0) {"
    "  size_t i = get_global_id(0); z[z0 / 4 + i] = x[x0 / 4 + i] + y[y0 / 4 + i]; }";

void check(cl_int error, const char* tried) {
  if (error != CL_SUCCESS) throw Error{opencl::failure(Code::kernel_failed, tried, error)};
}

// Three buffers over the host's memory, one in-order queue, one flush and one wait a run.
class OpenClVectorAdds final : public VectorAdds {
 public:
  OpenClVectorAdds(const VectorAddsShape& shape, Events events)
      : shape_{shape}, api_{*value_or_throw(opencl::load_api())} {
    if (events == Events::each_launch) events_.resize(shape.tasks);
    cl_platform_id platform = nullptr;
    check(api_.GetPlatformIDs(1, &platform, nullptr), "clGetPlatformIDs");
    check(api_.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device_, nullptr), "clGetDeviceIDs");
    cl_int error = CL_SUCCESS;
    context_ = api_.CreateContext(nullptr, 1, &device_, nullptr, nullptr, &error);
    check(error, "clCreateContext");
    queue_ = api_.CreateCommandQueue(context_, device_,
                                     events_.empty() ? 0 : CL_QUEUE_PROFILING_ENABLE, &error);
    check(error, "clCreateCommandQueue");
    program_ = api_.CreateProgramWithSource(context_, 1, const_cast<const char**>(&add_opencl),
                                            nullptr, &error);
    check(error, "clCreateProgramWithSource");
    check(api_.BuildProgram(program_, 1, &device_, "", nullptr, nullptr), "clBuildProgram");
    kernel_ = api_.CreateKernel(program_, "add", &error);
    check(error, "clCreateKernel");
    for (Operand& operand : operands_) {
      operand.host.reset(
          static_cast<float*>(std::aligned_alloc(4096, (bytes() + 4095) / 4096 * 4096)));
      operand.memory = api_.CreateBuffer(context_, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes(),
                                         operand.host.get(), &error);
      check(error, "clCreateBuffer");
    }
    map(operands_[0], CL_MAP_WRITE);
    map(operands_[1], CL_MAP_WRITE);
    for (std::uint32_t task = 0; task < shape.tasks; ++task)
      for (std::size_t i = 0; i < shape.elements; ++i) {
        operands_[0].host.get()[task * shape.elements + i] = x_of(task, i);
        operands_[1].host.get()[task * shape.elements + i] = y_of(i);
      }
    unmap(operands_[0]);
    unmap(operands_[1]);
  }
  ~OpenClVectorAdds() override {
    for (Operand& operand : operands_) {
      unmap(operand);
      api_.Finish(queue_);
      api_.ReleaseMemObject(operand.memory);
    }
    api_.ReleaseKernel(kernel_);
    api_.ReleaseProgram(program_);
    api_.ReleaseCommandQueue(queue_);
    api_.ReleaseContext(context_);
  }

  std::string name() const override {
    return std::string{"bare OpenCL, 3 buffers"} + (events_.empty() ? "" : ", each launch timed");
  }
  void run() override {
    unmap(operands_[2]);
    for (std::uint32_t task = 0; task < shape_.tasks; ++task) {
      const cl_ulong offset = task * shape_.elements * sizeof(float);
      for (cl_uint i = 0; i < 3; ++i) {
        check(api_.SetKernelArg(kernel_, 2 * i, sizeof(cl_mem), &operands_[i].memory),
              "clSetKernelArg");
        check(api_.SetKernelArg(kernel_, 2 * i + 1, sizeof offset, &offset), "clSetKernelArg");
      }
      check(api_.EnqueueNDRangeKernel(queue_, kernel_, 1, nullptr, &shape_.elements, nullptr, 0,
                                      nullptr, events_.empty() ? nullptr : &events_[task]),
            "clEnqueueNDRangeKernel");
    }
    check(api_.Finish(queue_), "clFinish");
    for (const cl_event event : events_) ask(event);
  }
  void read_back() override { map(operands_[2], CL_MAP_READ); }
  const float* z(std::uint32_t task) const override {
    return operands_[2].host.get() + task * shape_.elements;
  }
  std::optional<std::uint64_t> bytes_copied() const override { return 0; }

 private:
  struct Free {
    void operator()(float* bytes) const noexcept { std::free(bytes); }
  };
  struct Operand {
    std::unique_ptr<float, Free> host;
    cl_mem memory = nullptr;
    void* mapped = nullptr;
  };

  void ask(cl_event event) {
    cl_int status = CL_COMPLETE;
    check(api_.GetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status,
                            nullptr),
          "clGetEventInfo");
    check(status, "a launch");
    cl_ulong began = 0, ended = 0;
    check(api_.GetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof began, &began,
                                     nullptr),
          "clGetEventProfilingInfo");
    check(
        api_.GetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof ended, &ended, nullptr),
        "clGetEventProfilingInfo");
    api_.ReleaseEvent(event);
  }
  std::size_t bytes() const { return shape_.tasks * shape_.elements * sizeof(float); }
  void map(Operand& operand, cl_map_flags flags) {
    cl_int error = CL_SUCCESS;
    operand.mapped = api_.EnqueueMapBuffer(queue_, operand.memory, CL_TRUE, flags, 0, bytes(), 0,
                                           nullptr, nullptr, &error);
    check(error, "clEnqueueMapBuffer");
  }
  void unmap(Operand& operand) {
    if (operand.mapped)
      api_.EnqueueUnmapMemObject(queue_, operand.memory, std::exchange(operand.mapped, nullptr), 0,
                                 nullptr, nullptr);
  }

  const VectorAddsShape shape_;
  const opencl::Api& api_;
  cl_device_id device_ = nullptr;
  cl_context context_ = nullptr;
  cl_command_queue queue_ = nullptr;
  cl_program program_ = nullptr;
  cl_kernel kernel_ = nullptr;
  Operand operands_[3];
  std::vector<cl_event> events_;  // by task; empty: nobody asks
};

}  // namespace

std::unique_ptr<VectorAdds> make_opencl_vector_adds(const VectorAddsShape& shape, Events events) {
  return std::make_unique<OpenClVectorAdds>(shape, events);
}

}  // namespace troika::bench
