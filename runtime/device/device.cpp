#include "runtime/device/device.h"

namespace troika {

std::string_view name_of(DeviceKind kind) noexcept {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::gpu: return "gpu";
    case DeviceKind::fpga: return "fpga";
  }
  return "unknown";
}

Status Device::prepare(const LoadedKernel&, const LaunchShape&) { return {}; }

}  // namespace troika
