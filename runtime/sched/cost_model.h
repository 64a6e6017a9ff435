// Predicts how long a kernel takes on a device, and learns from what was observed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

// No prediction or observation counts as longer: sums of many cannot overflow.
inline constexpr Nanos task_time_max = std::chrono::hours{24};

struct Estimate {
  Nanos time{0};
  unsigned samples = 0;          // of exactly this kernel and size on this device
  unsigned kernel_samples = 0;   // of this kernel on this device in any size; 0: from the roofline
  unsigned lasting_samples = 0;  // those of them that were not provisional
  double deviation = 1.0;        // relative standard deviation
};

// Three layers, the first that knows anything answers: the history of exactly this size; what other
// sizes of the kernel took there; the roofline max(flops / peak, bytes / bandwidth) + overhead,
// scaled by how far the device's other kernels were from theirs. Devices of one key count as one
// where what they took is about the same: none is preferred for a difference that is noise.
// Not thread-safe: the strand owns it. Devices and kernels are indexed in the order of
// registration.
class CostModel {
 public:
  CostModel();
  ~CostModel();
  DeviceId add_device(DeviceRates rates);
  KernelId add_kernel(std::string name);

  std::size_t devices() const noexcept;

  // Tens of nanoseconds; allocates nothing.
  Estimate predict(const CostKey& key, const Work& work, DeviceId device) const;
  // Never 0. As long as it stays the same, so do the kernel's predictions for the device.
  std::uint64_t revision(KernelId kernel, DeviceId device) const noexcept;
  // First runs of a kernel in a shape are not observed: the caller leaves them out. `provisional`:
  // longer than usual for a reason that will not last; forgotten once the size has a better sample.
  void observe(const CostKey& key, const Work& work, DeviceId device, Nanos took,
               bool provisional = false);

  // Text. Histories are matched by device key and kernel name; those that match nothing are kept,
  // adopted when a device or kernel of that name is added, and saved again. Provisional samples are
  // left out.
  std::string save() const;
  // Sizes that were observed already keep what they have. Code::invalid_argument names the line,
  // and then nothing was taken over.
  Status load(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troika
