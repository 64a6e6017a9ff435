#include "runtime/device/driver_device.h"

namespace troika {

DriverDevice::DriverDevice(DeviceInfo info, std::unique_ptr<Memory> memory)
    : info_{std::move(info)}, memory_{std::move(memory)}, driver_{"troika-" + info_.name} {}

Result<std::unique_ptr<Queue>> DriverDevice::create_queue(QueueId id, QueueUse use, unsigned lane,
                                                          QueueListener& listener) {
  if (use == QueueUse::copy && !info_.copy_queue)
    return Status{Code::unsupported, info_.name + " has no copy queue"};
  if (lane >= info_.lanes)
    return Status{Code::invalid_argument, info_.name + " has no lane " + std::to_string(lane)};
  TROIKA_ASSIGN(auto stream, open_stream(use, driver_.waker()));
  return driver_.create_queue(id, std::move(stream), listener);
}

}  // namespace troika
