// The whole runtime with a CUDA device beside the host, where there is one: as a rule the emulated
// driver's.
#include <cstdlib>

#include <dlfcn.h>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr Kernel<void(Update<int>, int)> increment{"increment"};
constexpr const char* increment_ptx = R"(
.version 8.4
.target sm_75
.address_size 64
.visible .entry increment(.param .u64 x, .param .u64 x_at, .param .u32 n) {
  .reg .u32 %r<6>; .reg .u64 %l<3>; .reg .pred %p;
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;
  mad.lo.u32 %r1, %r1, %r2, %r3;
  ld.param.u32 %r4, [n]; setp.ge.u32 %p, %r1, %r4; @%p ret;
  ld.param.u64 %l1, [x]; ld.param.u64 %l2, [x_at]; add.u64 %l1, %l1, %l2;
  mul.wide.u32 %l2, %r1, 4; add.u64 %l1, %l1, %l2;
  ld.global.u32 %r5, [%l1]; add.u32 %r5, %r5, 1; st.global.u32 [%l1], %r5;
  ret;
})";

// Whether the driver has the pages registered, as it says when it is asked to register them again.
bool is_registered(void* pages, std::size_t bytes) {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto entry = [&](const char* name) { return dlsym(driver, name); };
  void* context = nullptr;
  const auto retain = reinterpret_cast<int (*)(void**, int)>(entry("cuDevicePrimaryCtxRetain"));
  EXPECT_EQ(retain(&context, 0), 0);
  EXPECT_EQ(reinterpret_cast<int (*)(void*)>(entry("cuCtxSetCurrent"))(context), 0);
  const auto add =
      reinterpret_cast<int (*)(void*, std::size_t, unsigned)>(entry("cuMemHostRegister_v2"));
  constexpr int already_registered = 712;
  const int answer = add(pages, bytes, 0);
  if (answer == 0) reinterpret_cast<int (*)(void*)>(entry("cuMemHostUnregister"))(pages);
  EXPECT_EQ(reinterpret_cast<int (*)(void*)>(entry("cuCtxSetCurrent"))(nullptr), 0);
  EXPECT_EQ(reinterpret_cast<int (*)(int)>(entry("cuDevicePrimaryCtxRelease_v2"))(0), 0);
  EXPECT_TRUE(answer == 0 || answer == already_registered) << answer;
  return answer == already_registered;
}

class WithCuda : public testing::Test {
 protected:
  void SetUp() override {
    RuntimeOptions options;
    options.workers = 2;
    options.backends = "cuda.memory=separate";
    runtime.emplace(options);
    for (const auto& device : runtime->devices())
      if (device->info().backend == "cuda") cuda = device->info().name;
    if (!cuda.empty()) return;
    std::string why;
    for (const Missing& missing : runtime->missing())
      why += "; " + missing.what + ": " + missing.why.to_string();
    GTEST_SKIP() << "unavailable: no CUDA device" << why;
  }

  std::string cuda;
  std::optional<Runtime> runtime;
};

TEST_F(WithCuda, pages_that_go_to_and_fro_are_pinned_until_they_are_given_back) {
  throw_if_failed(define(increment).cuda(increment_ptx).into(runtime->kernels()));
  constexpr int elements = 1024, rounds_max = 500;
  constexpr std::size_t bytes = elements * sizeof(int);
  int* const memory = static_cast<int*>(std::aligned_alloc(4096, bytes));
  std::fill_n(memory, elements, 0);
  int rounds = 0;
  {
    const Buffer<int> x = runtime->adopt(std::span{memory, elements});
    Graph graph;
    graph.add(increment, x, elements).only_on(cuda);
    const Plan plan = runtime->compile(graph);
    EXPECT_FALSE(is_registered(memory, bytes));
    for (; runtime->counters().pins == 0 && rounds < rounds_max; ++rounds) {
      runtime->run(plan).wait();
      static_cast<void>(x.update());
    }
    EXPECT_TRUE(is_registered(memory, bytes)) << plan.explain(TaskRef{graph, TaskIndex{0}});
    // They go on, pinned.
    runtime->run(plan).wait();
    EXPECT_EQ(x.read()[elements - 1], rounds + 1);
  }
  EXPECT_FALSE(is_registered(memory, bytes));
  std::free(memory);
}

}  // namespace
}  // namespace troika
