// A simulated device: a handle on its core.
#pragma once

#include "backends/sim/core.h"
#include "backends/sim/memory.h"
#include "runtime/device/device.h"

namespace troika::sim {

class SimDevice final : public Device {
 public:
  explicit SimDevice(Core& core) noexcept : core_{core}, memory_{core} {}

  const DeviceInfo& info() const noexcept override { return core_.info(); }
  Memory& memory() noexcept override { return memory_; }
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override;
  Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                              QueueListener& listener) override;

  Core& core() const noexcept { return core_; }

 private:
  Core& core_;
  SimMemory memory_;
};

}  // namespace troika::sim
