// What each task of a graph is predicted to take on each device.
#pragma once

#include <optional>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"
#include "runtime/sched/ready_set.h"

namespace troika {

class TaskCosts {
 public:
  // Devices are numbered from 0.
  virtual std::size_t devices() const noexcept = 0;
  // None: the device cannot run it.
  virtual std::optional<Nanos> time(TaskIndex task, DeviceId device) const = 0;
  virtual CostKey key(TaskIndex task) const = 0;

 protected:
  ~TaskCosts() = default;
};

}  // namespace troika
