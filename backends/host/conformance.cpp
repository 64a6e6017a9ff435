// The host as a subject of the conformance suite.
#include <condition_variable>
#include <mutex>

#include "backends/host/host.h"
#include "backends/host/workers.h"
#include "runtime/exec/service_thread.h"
#include "tests/conformance/subject.h"

namespace troika::conformance {
namespace {

// Four workers whatever the machine: lanes are a matter of threads here.
constexpr unsigned workers = 4;

Result<Opening> open() {
  Opening opening;
  opening.environment = std::make_unique<ServiceThread>();
  host::WorkersOptions options;
  options.workers = workers;
  opening.workers = std::make_unique<host::Workers>(options);
  BackendOptions backend;
  backend.environment = opening.environment.get();
  backend.workers = opening.workers.get();
  TROIKA_ASSIGN(Opened opened, host_backend.open_all(backend));
  opening.device = std::move(opened.devices.at(0));
  return opening;
}

Result<KernelImage> image(SuiteKernel kernel) { return function_image(kernel, Dialect::host); }

// Where a kernel waits until the gate is opened.
class Door {
 public:
  void pass() const {
    std::unique_lock lock{mutex_};
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_until_held() const {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return held_; });
  }
  void open() const {
    const std::scoped_lock lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;  // protects all below
  mutable std::condition_variable changed_;
  mutable bool held_ = false;
  mutable bool open_ = false;
};

// A kernel that waits on a condition variable; launches share it with the gate.
class HostGate final : public Gate {
 public:
  HostGate(std::unique_ptr<LoadedKernel> kernel, std::shared_ptr<const Door> door)
      : kernel_{std::move(kernel)}, door_{std::move(door)} {}

  static Result<std::unique_ptr<Gate>> close(Opening& opening) {
    auto door = std::make_shared<const Door>();
    KernelImage image;
    image.operation = "suite_gate";
    image.function = {
        [](const void* state, const HostCall&) { static_cast<const Door*>(state)->pass(); }, door};
    TROIKA_ASSIGN(auto kernel, opening.device->load(image));
    return std::unique_ptr<Gate>{std::make_unique<HostGate>(std::move(kernel), door)};
  }

  Result<Timepoint> hold(Queue& queue) override {
    LaunchOp op;
    op.kernel = kernel_.get();
    return queue.launch(op);
  }
  void wait_until_held() override { door_->wait_until_held(); }
  void open() override { door_->open(); }

 private:
  std::unique_ptr<LoadedKernel> kernel_;
  std::shared_ptr<const Door> door_;
};

}  // namespace

const Subject& subject() {
  static const Subject host{"host", open, image, HostGate::close, {}};
  return host;
}

}  // namespace troika::conformance
