#include <condition_variable>
#include <map>
#include <mutex>

#include "runtime/exec/service_thread.h"
#include "tests/cuda_devices.h"
#include "tests/host_bytes.h"
#include "tests/kernels/runner.h"

namespace troika::kernels {
namespace {

class Arrivals final : public QueueListener {
 public:
  void on_advance(const Advance& advance) noexcept override {
    const std::scoped_lock lock{mutex_};
    if (!advance.status.ok() && status_.ok()) status_ = advance.status;
    lost_ |= advance.lost;
    reached_ = advance.reached.value;
    changed_.notify_all();
  }
  // What went wrong since the last time, if anything.
  Status wait_for(Timepoint point) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return lost_ || reached_ >= point.value; });
    return std::exchange(status_, {});
  }

 private:
  std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  std::uint64_t reached_ = 0;
  bool lost_ = false;
  Status status_;
};

class CudaRunner final : public Runner {
 public:
  CudaRunner(std::unique_ptr<Environment> environment, std::unique_ptr<Device> device)
      : environment_{std::move(environment)}, device_{std::move(device)} {}

 private:
  // A buffer argument in the device's memory, and the test's bytes that go there and back.
  struct Copied {
    std::unique_ptr<Allocation> device;
    std::unique_ptr<HostBytes> host;
    std::span<std::byte> bytes;
    bool written;

    Span2D there() const { return {device.get(), 0, bytes.size()}; }
    Span2D here() const { return {host.get(), 0, bytes.size()}; }
  };

  Result<LoadedKernel*> kernel_of(const Operation& operation) {
    auto& kernel = kernels_[operation.name];
    if (!kernel) {
      TROIKA_ASSIGN(kernel, device_->load(*operation.image(Dialect::ptx)));
    }
    return kernel.get();
  }

  Result<std::vector<Copied>> copies_of(const Operation& operation, std::span<const CallArg> args) {
    std::vector<Copied> copies;
    for (std::size_t i = 0; i < args.size(); ++i) {
      const std::span<std::byte> bytes = args[i].bytes;
      if (bytes.empty()) continue;
      TROIKA_ASSIGN(auto there, device_->memory().allocate({bytes.size()}));
      auto here = std::make_unique<HostBytes>(bytes.size());
      std::memcpy(here->host(), bytes.data(), bytes.size());
      copies.push_back(
          {std::move(there), std::move(here), bytes, writes(operation.params[i].access)});
    }
    return copies;
  }

  Status launch(const Operation& operation, std::span<const CallArg> args,
                const LaunchShape& shape) override {
    TROIKA_ASSIGN(LoadedKernel* const kernel, kernel_of(operation));
    TROIKA_ASSIGN(const std::vector<Copied> copies, copies_of(operation, args));
    if (!queue_) {
      TROIKA_ASSIGN(queue_, device_->create_queue(QueueId{0}, QueueUse::compute, 0, arrivals_));
    }
    std::vector<KernelArg> list;
    auto copy = copies.begin();
    for (const CallArg& arg : args) {
      KernelArg& to = list.emplace_back();
      to.scalar = arg.scalar;
      if (arg.bytes.empty()) continue;
      const Region& r = arg.region;
      to.span = {copy->device.get(), r.offset, r.row_bytes, r.rows, r.pitch};
      TROIKA_TRY(queue_->copy({copy->here(), copy->there()}).status());
      ++copy;
    }
    TROIKA_ASSIGN(Timepoint last, queue_->launch({kernel, list, shape, nullptr}));
    for (const Copied& each : copies) {
      if (!each.written) continue;
      TROIKA_ASSIGN(last, queue_->copy({each.there(), each.here()}));
    }
    TROIKA_TRY(queue_->flush());
    TROIKA_TRY(arrivals_.wait_for(last));
    for (const Copied& each : copies)
      if (each.written) std::memcpy(each.bytes.data(), each.host->host(), each.bytes.size());
    return {};
  }

  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Device> device_;
  std::map<std::string, std::unique_ptr<LoadedKernel>> kernels_;
  Arrivals arrivals_;
  std::unique_ptr<Queue> queue_;
};

}  // namespace

Result<std::unique_ptr<Runner>> cuda_runner() {
  auto environment = std::make_unique<ServiceThread>();
  TROIKA_ASSIGN(Opened opened, open_cuda(*environment));
  return std::unique_ptr<Runner>{
      std::make_unique<CudaRunner>(std::move(environment), std::move(opened.devices.front()))};
}

}  // namespace troika::kernels
