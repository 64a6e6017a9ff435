// The same vector additions with StarPU, on its OpenCL worker alone: it has no replay, so a run
// submits all tasks anew.
#include <cstdlib>
#include <deque>
#include <vector>

#include <starpu.h>
#include <starpu_opencl.h>

#include "bench/peers/starpu_version.h"
#include "bench/peers/vector_adds.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

constexpr const char* add_opencl =
    "kernel void add(global const float* x, global const float* y, global float* z) {"
    "  size_t i = get_global_id(0); z[i] = x[i] + y[i]; }";

// The codelet's function is given no more than its task's buffers.
starpu_opencl_program program;

void check(cl_int error, const char* tried) {
  if (error != CL_SUCCESS)
    throw Error{Status{Code::kernel_failed, std::string{"StarPU: "} + tried + " failed"}};
}

void add_on_device(void* buffers[], void*) {
  cl_kernel kernel;
  cl_command_queue queue;
  check(starpu_opencl_load_kernel(&kernel, &queue, &program, "add",
                                  starpu_worker_get_devid(starpu_worker_get_id())),
        "starpu_opencl_load_kernel");
  for (cl_uint i = 0; i < 3; ++i) {
    auto memory = reinterpret_cast<cl_mem>(STARPU_VECTOR_GET_DEV_HANDLE(buffers[i]));
    check(clSetKernelArg(kernel, i, sizeof memory, &memory), "clSetKernelArg");
  }
  const std::size_t elements = STARPU_VECTOR_GET_NX(buffers[0]);
  check(clEnqueueNDRangeKernel(queue, kernel, 1, nullptr, &elements, nullptr, 0, nullptr, nullptr),
        "clEnqueueNDRangeKernel");
  starpu_opencl_release_kernel(kernel);
}

class StarpuVectorAdds final : public VectorAdds {
 public:
  explicit StarpuVectorAdds(const VectorAddsShape& shape) : shape_{shape} {
    setenv("STARPU_OPENCL_ON_CPUS", "1", 0);
    setenv("STARPU_SILENT", "1", 0);
    starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = 0;
    conf.ncuda = 0;
    conf.nopencl = 1;
    conf.sched_policy_name = "eager";
    if (starpu_init(&conf) != 0 || starpu_opencl_worker_get_count() == 0)
      throw Error{Status{Code::unavailable, "StarPU finds no OpenCL device"}};
    check(starpu_opencl_load_opencl_from_string(add_opencl, &program, nullptr),
          "starpu_opencl_load_opencl_from_string");
    starpu_codelet_init(&add_);
    add_.where = STARPU_OPENCL;
    add_.opencl_funcs[0] = add_on_device;
    add_.opencl_flags[0] = STARPU_OPENCL_ASYNC;
    add_.nbuffers = 3;
    add_.modes[0] = STARPU_R;
    add_.modes[1] = STARPU_R;
    add_.modes[2] = STARPU_W;
    for (std::uint32_t task = 0; task < shape.tasks; ++task) {
      auto& operands = operands_.emplace_back();
      for (auto* values : {&operands.x, &operands.y, &operands.z}) values->resize(shape.elements);
      for (std::size_t i = 0; i < shape.elements; ++i) {
        operands.x[i] = x_of(task, i);
        operands.y[i] = y_of(i);
      }
      const auto share = [&](starpu_data_handle_t& handle, std::vector<float>& values) {
        starpu_vector_data_register(&handle, STARPU_MAIN_RAM,
                                    reinterpret_cast<std::uintptr_t>(values.data()),
                                    static_cast<std::uint32_t>(values.size()), sizeof(float));
      };
      share(operands.handles[0], operands.x);
      share(operands.handles[1], operands.y);
      share(operands.handles[2], operands.z);
    }
    starpu_pause();
  }
  ~StarpuVectorAdds() override {
    starpu_resume();
    for (auto& operands : operands_)
      for (auto handle : operands.handles) starpu_data_unregister(handle);
    starpu_opencl_unload_opencl(&program);
    starpu_shutdown();
  }

  std::string name() const override {
    return starpu_version() + ", " + std::to_string(3 * shape_.tasks) + " buffers";
  }
  void run() override {
    for (auto& operands : operands_) {
      starpu_task* const task = starpu_task_create();
      task->cl = &add_;
      for (int i = 0; i < 3; ++i) task->handles[i] = operands.handles[i];
      if (starpu_task_submit(task) != 0)
        throw Error{Status{Code::kernel_failed, "starpu_task_submit failed"}};
    }
    starpu_task_wait_for_all();
  }
  void read_back() override {
    for (auto& operands : operands_) {
      starpu_data_acquire(operands.handles[2], STARPU_R);
      starpu_data_release(operands.handles[2]);
    }
  }
  const float* z(std::uint32_t task) const override { return operands_[task].z.data(); }
  std::optional<std::uint64_t> bytes_copied() const override { return std::nullopt; }
  void resume() override { starpu_resume(); }
  void pause() override { starpu_pause(); }

 private:
  struct Operands {
    std::vector<float> x, y, z;
    starpu_data_handle_t handles[3];
  };
  const VectorAddsShape shape_;
  starpu_codelet add_;
  std::deque<Operands> operands_;  // StarPU knows their addresses
};

}  // namespace

std::unique_ptr<VectorAdds> make_starpu_vector_adds(const VectorAddsShape& shape) {
  return std::make_unique<StarpuVectorAdds>(shape);
}

}  // namespace troika::bench
