// Holds the first XRT device to the conformance suite: a card's or, where the environment leads to
// it, the device model's, with an image of the suite's kernels.
#include <atomic>
#include <thread>

#include "runtime/exec/service_thread.h"
#include "tests/conformance/subject.h"
#include "tests/host_bytes.h"
#include "tests/xrt_devices.h"

namespace troika::conformance {
namespace {

Result<Opening> open() {
  Opening opening;
  opening.environment = std::make_unique<ServiceThread>();
  TROIKA_ASSIGN(Opened opened, open_xrt(*opening.environment));
  opening.device = std::move(opened.devices.front());
  return opening;
}

KernelImage xclbin_image(std::string_view operation, std::vector<Param> params) {
  KernelImage made;
  made.operation = made.entry = operation;
  made.dialect = Dialect::xclbin;
  made.params = std::move(params);
  return made;
}

// An image of the vendor's tools is built before anybody can load it: what does not build is a name
// that no image has.
Result<KernelImage> image(SuiteKernel kernel) {
  if (kernel == SuiteKernel::fail)
    return Status{Code::unsupported, "a compute unit ends with a state, not with words"};
  return xclbin_image(operation_of(kernel), params_of(kernel));
}

// A run that lasts until a word of the host's says otherwise, whose address the model's kernel is
// given as a number: no circuit could follow it.
class SpinGate final : public Gate {
 public:
  explicit SpinGate(std::unique_ptr<LoadedKernel> kernel)
      : words_{std::make_unique<HostBytes>(4096)}, kernel_{std::move(kernel)} {}
  ~SpinGate() override {
    // What has begun ends now. What has not may be with the vendor still, if that was given up:
    // then the words stay for it, for good.
    while (word(ended).load() != word(begun).load()) std::this_thread::yield();
    if (word(ended).load() == held_) return;
    static Kept& kept = *new Kept;
    kept.emplace_back(std::move(words_), std::move(kernel_));
  }

  Result<Timepoint> hold(Queue& queue) override {
    const KernelArg arg{{}, Scalar::of(reinterpret_cast<std::uint64_t>(words_->host()))};
    auto point = queue.launch({kernel_.get(), {&arg, 1}, {}, nullptr});
    if (point.ok()) ++held_;
    return point;
  }
  void wait_until_held() override {
    while (word(begun).load() == 0) std::this_thread::yield();
  }
  void open() override { word(opened).store(1); }

 private:
  enum Word { opened, begun, ended };
  using Kept = std::vector<std::pair<std::unique_ptr<HostBytes>, std::unique_ptr<LoadedKernel>>>;

  std::atomic_ref<int> word(int index) const {
    return std::atomic_ref<int>{reinterpret_cast<int*>(words_->host())[index]};
  }

  std::unique_ptr<HostBytes> words_;
  std::unique_ptr<LoadedKernel> kernel_;
  int held_ = 0;
};

Result<std::unique_ptr<Gate>> gate(Opening& opening) {
  TROIKA_ASSIGN(auto kernel, opening.device->load(
                                 xclbin_image("suite_spin", {{false, Type::u64, Access::read}})));
  return std::unique_ptr<Gate>{std::make_unique<SpinGate>(std::move(kernel))};
}

}  // namespace

const Subject& subject() {
  static const Subject xrt{"xrt", open, image, gate, {}};
  return xrt;
}

}  // namespace troika::conformance
