// The whole runtime with an OpenCL device beside the host, where there is one.
#include <cstdlib>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr Kernel<void(Update<int>, int)> plus{"plus"};
constexpr const char* plus_source = R"(
__kernel void plus(__global uchar* x, ulong offset, int value) {
  ((__global int*)(x + offset))[get_global_id(0)] += value;
})";

class WithOpenCl : public testing::Test {
 protected:
  using Run = troika::Run;  // not GoogleTest's

  void SetUp() override { open(); }

  void open(const char* memory = "host_pointer") {
    RuntimeOptions options;
    options.workers = 2;
    options.backends = std::string{"opencl.memory="} + memory;
    runtime.emplace(options);
    opencl.clear();
    for (const auto& device : runtime->devices())
      if (device->info().backend == "opencl" && device->info().space == host_space)
        opencl = device->info().name;
    if (!opencl.empty()) return;
    std::string why;
    for (const Missing& missing : runtime->missing())
      why += "; " + missing.what + ": " + missing.why.to_string();
    GTEST_SKIP() << "unavailable: no unified OpenCL device (on Debian: pocl-opencl-icd)" << why;
  }

  // On both devices.
  void define_plus() {
    throw_if_failed(define(plus)
                        .host([](HostView<int> x, int value) {
                          for (int& element : x) element += value;
                        })
                        .opencl_c(plus_source)
                        .into(runtime->kernels()));
  }

  std::string opencl;
  std::optional<Runtime> runtime;
};

TEST_F(WithOpenCl, one_buffer_goes_from_device_to_device_without_a_copy) {
  define_plus();
  std::vector<int> memory(1000, 1);
  {
    const Buffer<int> x = runtime->adopt(std::span{memory});
    Graph graph;
    for (int i = 0; i < 10; ++i) {
      graph.add(plus, x, 1).only_on("host");
      graph.add(plus, x.slice(1, 998), 10).only_on(opencl);
    }
    runtime->run(graph).wait();
    EXPECT_EQ(x.read()[0], 11);
    EXPECT_EQ(x.read()[500], 111);
    EXPECT_EQ(x.read()[999], 11);
  }
  EXPECT_EQ(runtime->counters().bytes_copied, 0U);
}

TEST_F(WithOpenCl, a_device_that_leaves_hands_over_what_it_wrote_and_may_come_back) {
  open("host_pointer");
  if (IsSkipped()) return;
  define_plus();
  const Buffer<int> x = runtime->buffer<int>(1'000);
  std::ranges::fill(x.write(), 1);
  Graph graph;
  graph.add(plus, x, 10).only_on(opencl);
  const Plan plan = runtime->compile(graph);
  runtime->run(plan).wait();
  runtime->remove_device(opencl);
  const std::uint64_t handed_over = runtime->counters().bytes_handed_over;
  EXPECT_GT(handed_over, 0U);
  EXPECT_EQ(x.read()[999], 11);
  EXPECT_EQ(runtime->counters().bytes_handed_over, handed_over);
  EXPECT_EQ(runtime->run(plan).status().code(), Code::unavailable);
  runtime->add_device(opencl);
  runtime->run(plan).wait();
  EXPECT_EQ(x.read()[999], 21);
}

TEST_F(WithOpenCl, shared_virtual_memory_is_seen_by_both_without_a_hand_over) {
  open("svm");
  if (IsSkipped()) return;
  define_plus();
  const Buffer<int> x = runtime->buffer<int>(1000);
  for (int& element : x.write()) element = 1;
  std::vector<int> memory(1000, 1);
  const Buffer<int> users = runtime->adopt(std::span{memory});
  const auto add = [&](const Buffer<int>& to) {
    Graph graph;
    for (int i = 0; i < 10; ++i) {
      graph.add(plus, to, 1).only_on("host");
      graph.add(plus, to.slice(1, 998), 10).only_on(opencl);
    }
    runtime->run(graph).wait();
    EXPECT_EQ(to.read()[0], 11);
    EXPECT_EQ(to.read()[500], 111);
    EXPECT_EQ(to.read()[999], 11);
  };
  add(x);
  EXPECT_EQ(runtime->counters().hand_overs, 0U);
  // The user's own pages are not of the device's allocating: they are handed over as ever.
  add(users);
  EXPECT_GT(runtime->counters().hand_overs, 0U);
  EXPECT_EQ(runtime->counters().bytes_copied, 0U);
}

TEST_F(WithOpenCl, a_kernel_that_does_not_build_fails_with_task_and_log) {
  throw_if_failed(define(plus)
                      .opencl_c("__kernel void plus(__global uchar* x, ulong o, int v) { "
                                "x[o] = undeclared_name; }")
                      .into(runtime->kernels()));
  const Buffer<int> x = runtime->buffer<int>(4);
  Graph graph;
  graph.add(plus, x, 1);
  const std::string error = error_of([&] { (void)runtime->compile(graph); });
  EXPECT_EQ(error.substr(0, error.find('\n')), "kernel_failed: task 0 (plus): no able device:");
  EXPECT_NE(error.find("undeclared_name"), std::string::npos) << error;
  EXPECT_NE(error.find(opencl), std::string::npos) << error;
}

TEST_F(WithOpenCl, a_kernel_that_builds_on_the_host_alone_runs_there) {
  throw_if_failed(define(plus)
                      .host([](HostView<int> x, int value) {
                        for (int& element : x) element += value;
                      })
                      .opencl_c("this is no program")
                      .into(runtime->kernels()));
  const Buffer<int> x = runtime->buffer<int>(4);
  std::fill(x.write().begin(), x.write().end(), 1);
  Graph graph;
  const TaskRef task = graph.add(plus, x, 1);
  const Plan plan = runtime->compile(graph);
  runtime->run(plan).wait();
  EXPECT_EQ(x.read()[3], 2);
  const std::string reasons = plan.explain(task);
  EXPECT_NE(reasons.find("host: able"), std::string::npos) << reasons;
  EXPECT_NE(reasons.find(opencl + ": kernel_failed"), std::string::npos) << reasons;
}

TEST_F(WithOpenCl, what_fails_on_the_host_is_done_by_the_device) {
  throw_if_failed(define(plus)
                      .host([](HostView<int>, int) { throw std::runtime_error{"not here"}; })
                      .opencl_c(R"(
__kernel void plus(__global uchar* x, ulong offset, int value) {
  ((__global int*)(x + offset))[get_global_id(0)] = value;
})")
                      .into(runtime->kernels()));
  constexpr Kernel<void(Write<int>, int)> as_write{"as_write"};
  throw_if_failed(define(as_write)
                      .host([](HostView<int>, int) { throw std::runtime_error{"not here"}; })
                      .opencl_c(R"(
__kernel void as_write(__global uchar* x, ulong offset, int value) {
  ((__global int*)(x + offset))[get_global_id(0)] = value;
})")
                      .into(runtime->kernels()));
  std::vector<Buffer<int>> buffers;
  Graph graph;
  for (int i = 0; i < 16; ++i) {
    buffers.push_back(runtime->buffer<int>(4));
    graph.add(as_write, buffers.back(), i).idempotent(true);
  }
  const Run run = runtime->run(graph);
  run.wait();
  for (int i = 0; i < 16; ++i) EXPECT_EQ(buffers[static_cast<std::size_t>(i)].read()[3], i);
  EXPECT_EQ(run.tasks_by_device()[0], 0U);
}

TEST_F(WithOpenCl, an_unwritable_program_cache_costs_compilation_and_is_told) {
  const char* set = std::getenv("TROIKA_CACHE_DIR");
  const std::optional<std::string> before =
      set == nullptr ? std::nullopt : std::optional<std::string>{set};
  runtime.reset();
  setenv("TROIKA_CACHE_DIR", "/dev/null/cache", 1);
  open();
  if (before) setenv("TROIKA_CACHE_DIR", before->c_str(), 1);
  else unsetenv("TROIKA_CACHE_DIR");
  throw_if_failed(define(plus).opencl_c(plus_source).into(runtime->kernels()));
  const Buffer<int> x = runtime->buffer<int>(4);
  std::fill(x.write().begin(), x.write().end(), 1);
  Graph graph;
  graph.add(plus, x, 1);
  runtime->run(graph).wait();
  EXPECT_EQ(x.read()[3], 2);
  std::string told;
  for (const Missing& missing : runtime->missing())
    if (missing.what == "opencl: program cache") told = missing.why.to_string();
  EXPECT_EQ(told,
            "unavailable: program cache: cannot make /dev/null/cache/opencl: Not a directory; "
            "kernels are compiled anew in every process");
}

}  // namespace
}  // namespace troika
