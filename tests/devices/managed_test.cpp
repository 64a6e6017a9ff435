// Managed memory of CUDA devices: more than they have.
#include "tests/devices/real_runtime.h"

namespace troika {
namespace {

constexpr Kernel<void(Read<int>, Read<int>, Write<int>, int)> sum{"sum"};
constexpr const char* sum_source = R"(
extern "C" __global__ void sum(const char* a, unsigned long long a_at, const char* b,
                               unsigned long long b_at, char* out, unsigned long long out_at,
                               int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    ((int*)(out + out_at))[i] = ((const int*)(a + a_at))[i] + ((const int*)(b + b_at))[i];
})";

class Managed : public RealRuntime {
 protected:
  static constexpr std::size_t device_mib = 4, elements = (2U << 20) / sizeof(int);

  void SetUp() override {
    if (!on_emulated_cuda()) GTEST_SKIP() << "unavailable: the emulated CUDA driver is not there";
    setenv("EMULATED_CUDA_MEMORY_MIB", std::to_string(device_mib).c_str(), 1);
    ASSERT_NO_FATAL_FAILURE(start("load_aware", "cuda.memory=managed"));
    throw_if_failed(define(sum).cuda(sum_source).into(runtime->kernels()));
  }
};

TEST_F(Managed, memory_may_be_more_than_the_device_has) {
  for (const auto& device : runtime->devices())
    if (device->info().name == "cuda0") {
      EXPECT_TRUE(device->memory().allocate({2 * device_mib << 20}).ok());
    }
  {
    const auto a = runtime->buffer<int>(elements), b = runtime->buffer<int>(elements),
               out = runtime->buffer<int>(elements);
    std::ranges::fill(a.write(), 2);
    std::ranges::fill(b.write(), 3);
    Graph graph;
    graph.add(sum, a, b, out, static_cast<int>(elements)).only_on("cuda0");
    runtime->run(graph).wait();
    const std::span<const int> found = out.read();
    EXPECT_EQ(std::count(found.begin(), found.end(), 5), static_cast<std::ptrdiff_t>(elements));
    EXPECT_EQ(runtime->counters().bytes_copied, 0U);
  }
  end();
}

}  // namespace
}  // namespace troika
