// A CUDA stream of the caller's, on the emulated driver and as late as it may be, as start and
// completion of a run.
#include "runtime/exec/cuda_stream.h"

#include <numeric>

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr Kernel<void(Read<int>, Write<int>, int)> plus{"plus"};
constexpr const char* plus_source = R"(
extern "C" __global__ void plus(const char* in, unsigned long long in_at, char* out,
                                unsigned long long out_at, int value) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 256) ((int*)(out + out_at))[i] = ((const int*)(in + in_at))[i] + value;
})";

// `count` integers of pinned memory, and as many of the device's.
class Numbers {
 public:
  explicit Numbers(std::size_t count) : count_{count} {
    void* memory = nullptr;
    EXPECT_EQ(cuMemHostAlloc(&memory, bytes(), CU_MEMHOSTALLOC_PORTABLE), CUDA_SUCCESS);
    host_ = static_cast<int*>(memory);
    EXPECT_EQ(cuMemAlloc(&device_, bytes()), CUDA_SUCCESS);
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  ~Numbers() {
    EXPECT_EQ(cuMemFreeHost(host_), CUDA_SUCCESS);
    EXPECT_EQ(cuMemFree(device_), CUDA_SUCCESS);
  }

  std::size_t bytes() const { return count_ * sizeof(int); }
  std::span<int> host() { return {host_, count_}; }
  void fill_device(int value, CUstream on) {
    EXPECT_EQ(cuMemsetD32Async(device_, static_cast<unsigned>(value), count_, on), CUDA_SUCCESS);
  }
  void to_host(CUstream on) {
    EXPECT_EQ(cuMemcpyDtoHAsync(host_, device_, bytes(), on), CUDA_SUCCESS);
  }
  void to_device(CUstream on) {
    EXPECT_EQ(cuMemcpyHtoDAsync(device_, host_, bytes(), on), CUDA_SUCCESS);
  }
  // What the device has, once the stream has come so far.
  std::vector<int> on_device(CUstream on) {
    std::vector<int> values(count_);
    EXPECT_EQ(cuStreamSynchronize(on), CUDA_SUCCESS);
    EXPECT_EQ(cuMemcpyDtoH(values.data(), device_, bytes()), CUDA_SUCCESS);
    return values;
  }

 private:
  const std::size_t count_;
  int* host_ = nullptr;
  CUdeviceptr device_ = 0;
};

// Where the run's task goes.
class OnCudaStream : public testing::TestWithParam<const char*> {
 protected:
  using Run = troika::Run;  // not GoogleTest's
  static constexpr std::size_t count = 256;

  void SetUp() override {
    CUcontext context = nullptr;
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    RuntimeOptions options;
    options.workers = 2;
    runtime.emplace(options);
    throw_if_failed(define(plus)
                        .host([](HostView<const int> in, HostView<int> out, int value) {
                          for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] + value;
                        })
                        .cuda(plus_source)
                        .into(runtime->kernels()));
  }
  void TearDown() override {
    runtime.reset();
    EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
    EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_SUCCESS);
  }

  CUstream stream = nullptr;
  std::optional<Runtime> runtime;
};

TEST_P(OnCudaStream, a_run_begins_behind_what_is_there_and_holds_what_follows) {
  Numbers in{count}, out{count};
  std::ranges::fill(in.host(), -1);
  std::ranges::fill(out.host(), -1);
  {
    const auto from = runtime->adopt(in.host()), to = runtime->adopt(out.host());
    Graph graph;
    graph.add(plus, from, to, 100).only_on(GetParam());
    const Plan plan = runtime->compile(graph);
    CudaStream caller{*runtime, stream};
    for (int turn = 1; turn <= 3; ++turn) {
      in.fill_device(turn, stream);
      in.to_host(stream);
      const Run run = caller.run(plan, {.written = {from}, .read = {to}});
      out.to_device(stream);
      EXPECT_EQ(out.on_device(stream), std::vector<int>(count, turn + 100)) << "turn " << turn;
      EXPECT_TRUE(run.status().ok()) << run.status().to_string();
    }
  }
}

TEST_P(OnCudaStream, runs_follow_one_another_without_the_callers_waiting) {
  Numbers a{count}, b{count};
  std::ranges::fill(a.host(), 0);
  std::ranges::fill(b.host(), 0);
  {
    const auto one = runtime->adopt(a.host()), other = runtime->adopt(b.host());
    Graph there, back;
    there.add(plus, one, other, 1).only_on(GetParam());
    back.add(plus, other, one, 1).only_on("host");
    const Plan forth_plan = runtime->compile(there), back_plan = runtime->compile(back);
    CudaStream caller{*runtime, stream};
    for (int turn = 0; turn < 5; ++turn) {
      caller.run(forth_plan);
      caller.run(back_plan, {.read = {one}});
    }
    a.to_device(stream);
    EXPECT_EQ(a.on_device(stream), std::vector<int>(count, 10));
  }
}

TEST_P(OnCudaStream, a_run_that_is_cancelled_before_it_may_begin_holds_nothing_up) {
  Numbers in{count}, out{count};
  std::ranges::fill(in.host(), 1);
  {
    const auto from = runtime->adopt(in.host()), to = runtime->adopt(out.host());
    Graph graph;
    graph.add(plus, from, to, 1).only_on(GetParam());
    CudaStream caller{*runtime, stream};
    const Run run = caller.run(runtime->compile(graph));
    run.cancel();
    EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_TRUE(run.done());
  }
}

INSTANTIATE_TEST_SUITE_P(TaskOn, OnCudaStream, testing::Values("host", "cuda0", "cuda1"),
                         [](const auto& test) { return std::string{test.param}; });

}  // namespace
}  // namespace troika
