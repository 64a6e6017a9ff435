// Devices that come to a runtime later, as tests make them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/simulated.h"

namespace troika::oracle {

// Of a runtime that these devices are added to.
inline SimulatedOptions coming_later(std::set<std::string> devices) {
  SimulatedOptions options;
  options.late = std::move(devices);
  return options;
}

// A device that is another one in all but what a test changes.
class WrappedDevice : public Device {
 public:
  explicit WrappedDevice(std::unique_ptr<Device> device)
      : info_{device->info()}, device_{std::move(device)} {}

  const DeviceInfo& info() const noexcept override { return info_; }
  Memory& memory() noexcept override { return device_->memory(); }
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override {
    return device_->load(image);
  }
  Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                              QueueListener& listener) override {
    return device_->create_queue(id, use, lane, listener);
  }

 protected:
  DeviceInfo info_;

 private:
  std::unique_ptr<Device> device_;
};

}  // namespace troika::oracle
