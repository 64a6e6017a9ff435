// The parts of one XRT device, as this backend's files share them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/xrt/card.h"
#include "runtime/device/budget.h"
#include "runtime/device/driver_device.h"

namespace troika::xrt {

// What a device's parts share, alive as long as anything of it.
struct Core {
  Core(std::string device, ::xrt::device opened, std::vector<Image> images,
       Environment& environment)
      : name{std::move(device)}, card{name, std::move(opened), std::move(images), environment} {}

  const std::string name;      // "xrt0"
  SpaceId space = host_space;  // of its own, unless units work in pages of the host's
  int host_bank = -1;          // those pages', then
  Budget budget;
  mutable Card card;
};

// Bytes that compute units reach: once a launch, or a copy, has brought them to a bank.
class Buffer final : public Allocation {
 public:
  // The body's bytes go back to the core's budget with the buffer.
  Buffer(std::shared_ptr<const Core> core, std::shared_ptr<Body> body) noexcept;
  ~Buffer() override;

  // Null when the allocation is not one of this device's.
  static const Buffer* of(const Core& core, const Allocation* allocation) noexcept;
  const std::shared_ptr<Body>& body() const noexcept { return body_; }

 private:
  const std::shared_ptr<const Core> core_;
  const std::shared_ptr<Body> body_;
};

// Memory of the card's own, or pages of the host's that the vendor takes for it. Which bank a
// buffer needs is known when it is launched with, so allocate() calls no vendor in the former.
// Nobody else's bytes can be used: attach() and adopt() are `unsupported`, and pin() does nothing,
// for copies go by pages that each buffer has.
class XrtMemory final : public Memory {
 public:
  explicit XrtMemory(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  SpaceId space() const noexcept override { return core_->space; }
  std::size_t bytes_free() const noexcept override { return core_->budget.bytes_free(); }
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;

 private:
  std::shared_ptr<const Core> core_;
};

// A kernel of one of the device's images.
class XrtKernel final : public LoadedKernel {
 public:
  XrtKernel(std::shared_ptr<const Core> core, int image, int index, const KernelImage& from)
      : core_{std::move(core)},
        image_{image},
        index_{index},
        operation_{from.operation},
        params_{from.params} {}

  const Core* core() const noexcept { return core_.get(); }
  int image() const noexcept { return image_; }
  int index() const noexcept { return index_; }
  const std::string& operation() const noexcept { return operation_; }
  const std::vector<Param>& params() const noexcept { return params_; }

 private:
  const std::shared_ptr<const Core> core_;
  const int image_, index_;
  const std::string operation_;
  const std::vector<Param> params_;
};

// A kernel is a name within the device's images. Every buffer parameter is two of the circuit's
// arguments: a pointer to the allocation's first byte, and a 64-bit byte offset.
Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const KernelImage& image);

// One queue. For copies only, it takes no launches.
Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core, QueueUse use,
                                            std::shared_ptr<Waker> waker);

Result<Opened> open_all(const BackendOptions& options);

}  // namespace troika::xrt
