// A device whose vendor is called on a driver thread of its own: what every such backend needs.
#pragma once

#include "runtime/device/device.h"
#include "runtime/device/driver_thread.h"

namespace troika {

class DriverDevice : public Device {
 public:
  const DeviceInfo& info() const noexcept override { return info_; }
  Memory& memory() noexcept override { return *memory_; }
  // Code::unsupported for a copy queue where there is none, Code::invalid_argument for a lane that
  // the device has not.
  Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                              QueueListener& listener) final;

 protected:
  DriverDevice(DeviceInfo info, std::unique_ptr<Memory> memory);

 private:
  virtual Result<std::unique_ptr<Stream>> open_stream(QueueUse use,
                                                      std::shared_ptr<Waker> waker) = 0;

  const DeviceInfo info_;
  const std::unique_ptr<Memory> memory_;
  DriverThread driver_;
};

}  // namespace troika
