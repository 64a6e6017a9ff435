// The emulated CUDA driver loses device 0 in the middle of a plan that is replayed.
#include <numeric>
#include <thread>

#include "tests/devices/real_runtime.h"

namespace troika {
namespace {

constexpr std::size_t blocks = 16, words = 256;

// out[i] = in[i] * factor + i
constexpr Kernel<void(Read<int>, Write<int>, int, int)> scale{"scale"};
constexpr const char* scale_source = R"(
extern "C" __global__ void scale(const char* in, unsigned long long in_at, char* out,
                                 unsigned long long out_at, int factor, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) ((int*)(out + out_at))[i] = ((const int*)(in + in_at))[i] * factor + i;
})";

// A user of the runtime: blocks of input in the host's memory, and one plan that scales each.
class Tenant {
 public:
  Tenant(Runtime& runtime, TenantId id, int factor, const std::vector<std::string>& devices)
      : runtime_{runtime}, factor_{factor}, in_(blocks * words) {
    std::iota(in_.begin(), in_.end(), factor);
    Graph graph;
    for (std::size_t b = 0; b < blocks; ++b) {
      from_.push_back(runtime.adopt(std::span{in_}.subspan(b * words, words)));
      to_.push_back(runtime.buffer<int>(words));
      TaskRef task =
          graph.add(scale, from_.back(), to_.back(), factor, static_cast<int>(words)).tenant(id);
      for (const std::string& device : devices) task.only_on(device);
    }
    plan_.emplace(runtime.compile(graph));
  }

  // How many tasks device `of` ran. What a lost device alone held of the results is gone with it,
  // and named so; all else is right. `lost` counts those blocks.
  std::uint64_t replay(const std::string& of, std::size_t& lost) {
    const Run run = runtime_.run(*plan_);
    EXPECT_TRUE(run.status().ok()) << run.status().to_string();
    for (std::size_t b = 0; b < blocks; ++b) check(b, lost);
    for (std::size_t d = 0; d < runtime_.devices().size(); ++d)
      if (runtime_.devices()[d]->info().name == of) return run.tasks_by_device()[d];
    return 0;
  }

 private:
  void check(std::size_t block, std::size_t& lost) {
    try {
      const std::span<const int> found = to_[block].read();
      for (std::size_t i = 0; i < words; ++i)
        ASSERT_EQ(found[i], in_[block * words + i] * factor_ + static_cast<int>(i))
            << "block " << block << ", " << i;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::data_lost) << error.what();
      ++lost;
    }
  }

  Runtime& runtime_;
  const int factor_;
  std::vector<int> in_;
  std::vector<Buffer<int>> from_, to_;
  std::optional<Plan> plan_;
};

// By which operation of device 0 it is lost.
class Loss : public RealRuntime, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    if (!on_emulated_cuda()) GTEST_SKIP() << "unavailable: the emulated CUDA driver is not there";
    const std::string faults = "device_lost:" + std::to_string(GetParam()) + "@0";
    setenv("EMULATED_CUDA_FAULTS", faults.c_str(), 1);
    ASSERT_NO_FATAL_FAILURE(start("round_robin"));
    throw_if_failed(define(scale)
                        .host([](HostView<const int> in, HostView<int> out, int factor, int) {
                          for (std::size_t i = 0; i < in.size(); ++i)
                            out[i] = in[i] * factor + static_cast<int>(i);
                        })
                        .cuda(scale_source)
                        .into(runtime->kernels()));
  }
};

TEST_P(Loss, of_a_device_ends_no_run_disturbs_no_other_tenant_and_leaks_nothing) {
  {
    Tenant struck{*runtime, TenantId{0}, 3, {}};
    Tenant other{*runtime, TenantId{1}, 5, {"cuda1", "host"}};
    std::size_t others_lost = 0;
    std::thread beside{[&] {
      for (int turn = 0; turn < 10; ++turn) other.replay("cuda1", others_lost);
    }};
    std::size_t lost = 0;
    std::uint64_t before = 0;
    for (int turn = 0; turn < 20 && runtime->counters().devices_lost == 0; ++turn)
      before += struck.replay("cuda0", lost);
    EXPECT_GT(before, 0U) << "it worked before";
    EXPECT_EQ(runtime->counters().devices_lost, 1U);
    EXPECT_LE(lost, blocks);
    std::size_t after = 0;
    for (int turn = 0; turn < 5; ++turn) EXPECT_EQ(struck.replay("cuda0", after), 0U);
    beside.join();
    EXPECT_EQ(after + others_lost, 0U);
    EXPECT_EQ(runtime->counters().tasks_failed, lost) << "no more than reads of what is lost";
    EXPECT_EQ(runtime->counters().quarantined_bytes, 0U);
  }
  end();
}

INSTANTIATE_TEST_SUITE_P(AtOperation, Loss, testing::Values(20, 33, 48, 75));

}  // namespace
}  // namespace troika
