// Which devices may run a task, what happens when none can, and who takes over.
#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr Kernel<void(Update<int>)> device_only{"device_only"};

class DeviceChoice : public HostRuntime {
 protected:
  void SetUp() override {
    throw_if_failed(define(device_only).opencl_c("not compiled here").into(runtime->kernels()));
  }
  std::string refusal() {
    return error_of([&] { (void)runtime->compile(graph); });
  }

  Buffer<int> x = buffer_of({1});
  Graph graph;
};

TEST_F(DeviceChoice, a_kernel_that_no_device_can_run_is_refused_with_every_reason) {
  graph.add(device_only, x);
  EXPECT_EQ(refusal(),
            "unavailable: task 0 (device_only): no able device:\n"
            "  host: unsupported: no implementation in a dialect of host\n");
}

TEST_F(DeviceChoice, a_ban_on_the_only_device_is_refused_with_the_ban) {
  graph.add(add, x, 1).never_on("host");
  EXPECT_EQ(refusal(),
            "unavailable: task 0 (add): no able device:\n  host: banned by never_on()\n");
}

TEST_F(DeviceChoice, a_wish_for_a_device_that_is_not_there_is_refused) {
  graph.add(add, x, 1).only_on("gpu7");
  EXPECT_EQ(refusal(),
            "unavailable: task 0 (add): no able device:\n  host: not named by only_on()\n");
}

TEST_F(DeviceChoice, explain_says_who_could_run_a_task) {
  const TaskRef task = graph.add(add, x, 1);
  EXPECT_EQ(runtime->compile(graph).explain(task), "  host: able\n");
}

// A host's worker under another name, on which every kernel throws.
class BrokenDevice final : public Device {
 public:
  explicit BrokenDevice(const BackendOptions& options)
      : device_{std::move(value_or_throw(host_backend.open_all(options)).devices.front())},
        info_{device_->info()} {
    info_.name = "broken";
  }

  const DeviceInfo& info() const noexcept override { return info_; }
  Memory& memory() noexcept override { return device_->memory(); }
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override {
    KernelImage broken = image;
    broken.function = {[](const void*, const HostCall&) { throw std::runtime_error{"broken"}; },
                       nullptr};
    return device_->load(broken);
  }
  Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                              QueueListener& listener) override {
    return device_->create_queue(id, use, lane, listener);
  }

 private:
  std::unique_ptr<Device> device_;
  DeviceInfo info_;
};

RuntimeParts with_broken_device() {
  RuntimeParts parts = host_parts(2);
  BackendOptions options;
  options.environment = parts.environment;
  options.workers = parts.workers;
  parts.devices.push_back(std::make_unique<BrokenDevice>(options));
  return parts;
}

TEST(Retry, a_task_that_fails_on_one_device_is_done_on_another) {
  RuntimeOptions options;
  options.policy = "round_robin";
  Runtime runtime{with_broken_device(), options};
  define_kernels(runtime);
  std::vector<Buffer<int>> buffers;
  Graph graph;
  for (int i = 0; i < 8; ++i) {
    buffers.push_back(runtime.buffer<int>(1));
    graph.add(fill, buffers.back(), i).idempotent(true);
  }
  const troika::Run run = runtime.run(graph);
  run.wait();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(buffers[static_cast<std::size_t>(i)].read()[0], i);
  EXPECT_EQ(run.tasks_by_device(), (std::vector<std::uint64_t>{8, 0}));
  EXPECT_GT(runtime.counters().recovered, 0U);
  EXPECT_EQ(runtime.counters().recovered, runtime.counters().attempts_failed);
}

TEST(Retry, without_leave_to_run_again_the_failure_names_the_device) {
  Runtime runtime{with_broken_device(), {}};
  define_kernels(runtime);
  const Buffer<int> x = runtime.buffer<int>(1);
  Graph graph;
  graph.add(fill, x, 1).only_on("broken");
  EXPECT_EQ(error_of([&] { runtime.run(graph).wait(); }),
            "kernel_failed: task 0 (fill): on broken: fill threw: broken");
}

}  // namespace
}  // namespace troika
