#include <map>

#include "runtime/exec/service_thread.h"
#include "tests/cuda_devices.h"
#include "tests/host_bytes.h"
#include "tests/kernels/runner.h"

namespace troika::kernels {
namespace {

class Arrived final : public QueueListener {
 public:
  void on_advance(const Advance& advance) noexcept override {
    if (!advance.status.ok() && status_.ok()) status_ = advance.status;
    if (advance.lost || advance.reached.value >= awaited_) event_.set();
  }
  // Of the one flush of its queue.
  Status wait_for(Queue& queue, Timepoint last) {
    awaited_ = last.value;
    TROIKA_TRY(queue.flush());
    event_.wait();
    return status_;
  }

 private:
  std::uint64_t awaited_ = 0;  // stored before the flush, read behind it
  Status status_;
  Event event_;
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
    Arrived arrived;
    TROIKA_ASSIGN(const auto queue,
                  device_->create_queue(QueueId{0}, QueueUse::compute, 0, arrived));
    std::vector<KernelArg> list;
    auto copy = copies.begin();
    for (const CallArg& arg : args) {
      KernelArg& to = list.emplace_back();
      to.scalar = arg.scalar;
      if (arg.bytes.empty()) continue;
      const Region& r = arg.region;
      to.span = {copy->device.get(), r.offset, r.row_bytes, r.rows, r.pitch};
      TROIKA_TRY(queue->copy({copy->here(), copy->there()}).status());
      ++copy;
    }
    TROIKA_ASSIGN(Timepoint last, queue->launch({kernel, list, shape, nullptr}));
    for (const Copied& each : copies) {
      if (!each.written) continue;
      TROIKA_ASSIGN(last, queue->copy({each.there(), each.here()}));
    }
    TROIKA_TRY(arrived.wait_for(*queue, last));
    for (const Copied& each : copies)
      if (each.written) std::memcpy(each.bytes.data(), each.host->host(), each.bytes.size());
    return {};
  }

  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Device> device_;
  std::map<std::string, std::unique_ptr<LoadedKernel>> kernels_;
};

}  // namespace

Result<std::unique_ptr<Runner>> cuda_runner() {
  auto environment = std::make_unique<ServiceThread>();
  TROIKA_ASSIGN(Opened opened, open_cuda(*environment));
  return std::unique_ptr<Runner>{
      std::make_unique<CudaRunner>(std::move(environment), std::move(opened.devices.front()))};
}

}  // namespace troika::kernels
