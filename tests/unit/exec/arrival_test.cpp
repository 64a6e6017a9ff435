// Devices that come, leave and come back while threads run plans on them.
#include <array>
#include <atomic>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr Kernel<void(Update<int>, int)> plus{"plus"};
constexpr const char* plus_source = R"(
__kernel void plus(__global uchar* x, ulong offset, int value) {
  ((__global int*)(x + offset))[get_global_id(0)] += value;
})";

class LateOpenCl : public testing::Test {
 protected:
  void SetUp() override {
    RuntimeOptions options;
    options.workers = 2;
    options.devices = {"host"};
    runtime.emplace(options);
    throw_if_failed(define(plus)
                        .host([](HostView<int> x, int value) {
                          for (int& element : x) element += value;
                        })
                        .opencl_c(plus_source)
                        .into(runtime->kernels()));
  }

  // The name of the one that came; skips the test where there is none.
  std::string add_opencl() {
    std::string why;
    for (const Missing& missing : runtime->add_backend("opencl", "memory=separate"))
      why += "; " + missing.what + ": " + missing.why.to_string();
    for (const auto& device : runtime->devices())
      if (device->info().backend == "opencl") return device->info().name;
    [&] { GTEST_SKIP() << "unavailable: no OpenCL device (on Debian: pocl-opencl-icd)" << why; }();
    return {};
  }

  std::optional<Runtime> runtime;
};

TEST_F(LateOpenCl, serves_plans_of_a_runtime_that_began_on_the_host_alone) {
  const Buffer<int> x = runtime->buffer<int>(1'000);
  std::ranges::fill(x.write(), 1);
  Graph graph;
  for (int i = 0; i < 8; ++i) graph.add(plus, x, 1).never_on("nobody");
  const Plan plan = runtime->compile(graph);
  runtime->run(plan).wait();
  const std::string opencl = add_opencl();
  if (IsSkipped()) return;
  Graph there;
  there.add(plus, x, 10).only_on(opencl);
  runtime->run(there).wait();
  for (int i = 0; i < 3; ++i) runtime->run(plan).wait();
  EXPECT_EQ(x.read()[999], 1 + 8 + 10 + 3 * 8);
  EXPECT_GT(runtime->counters().bytes_copied, 0U);
  EXPECT_EQ(error_of([&] { runtime->add_backend("opencl"); }),
            "invalid_argument: devices of opencl are here already");
}

TEST_F(LateOpenCl, comes_leaves_and_comes_back_beside_threads_that_run_plans) {
  constexpr int threads = 3, rounds = 12;
  std::atomic<bool> over{false};
  std::array<int, threads> runs{};
  std::vector<Buffer<int>> buffers;
  std::vector<Plan> plans;
  for (int t = 0; t < threads; ++t) {
    buffers.push_back(runtime->buffer<int>(256));
    std::ranges::fill(buffers.back().write(), 0);
    Graph graph;
    for (int i = 0; i < 8; ++i) graph.add(plus, buffers.back().slice(32 * i, 32), 1);
    plans.push_back(runtime->compile(graph));
  }
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (; !over; ++runs[t]) {
        runtime->run(plans[t]).wait();
        static_cast<void>(runtime->core()->explain(*plans[t].state(), TaskIndex{0}));
        static_cast<void>(runtime->metrics());
      }
    });
  const std::string opencl = add_opencl();
  for (int round = 0; round < rounds && !opencl.empty(); ++round) {
    runtime->remove_device(opencl);
    runtime->add_device(opencl);
  }
  over = true;
  for (std::thread& thread : all) thread.join();
  if (IsSkipped()) return;
  for (int t = 0; t < threads; ++t) EXPECT_EQ(buffers[t].read()[255], runs[t]);
}

}  // namespace
}  // namespace troika
