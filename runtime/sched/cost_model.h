// Predicts how long a kernel takes on a device, and learns from what was observed.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "runtime/base/result.h"
#include "runtime/graph/operation.h"
#include "runtime/sched/ready_set.h"

namespace troika {

// What the model knows of a device before anything ran on it.
struct DeviceRates {
  std::string key;  // device and driver: what a saved model belongs to
  double flops_per_second = 10e9;
  double bytes_per_second = 10e9;
  Nanos overhead{5'000};  // of one launch
};

struct Estimate {
  Nanos time{0};
  unsigned samples = 0;    // of exactly this kernel and size; 0: from other sizes or the roofline
  double deviation = 1.0;  // relative standard deviation
};

// Not thread-safe: the strand owns it. Devices and kernels are indexed in the order of
// registration.
class CostModel {
 public:
  CostModel();
  ~CostModel();
  DeviceId add_device(DeviceRates rates);
  KernelId add_kernel(std::string name);

  Estimate predict(const CostKey& key, const Work& work, DeviceId device) const;
  // First runs of a kernel in a shape are not observed: the caller leaves them out.
  void observe(const CostKey& key, const Work& work, DeviceId device, Nanos took);

  // Text; histories are matched by device key and kernel name.
  std::string save() const;
  Status load(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troika
