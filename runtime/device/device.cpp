#include "runtime/device/device.h"

#include <algorithm>

namespace troika {

std::string_view name_of(DeviceKind kind) noexcept {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::gpu: return "gpu";
    case DeviceKind::fpga: return "fpga";
  }
  return "unknown";
}

bool DeviceInfo::is_among(std::span<const std::string> names) const noexcept {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return each == name || each == backend; });
}

Status Device::prepare(const LoadedKernel&, const LaunchShape&) { return {}; }

Opened open_or_missing(std::string_view what, const Backend& backend,
                       const BackendOptions& options) {
  Result<Opened> opened = backend.open_all(options);
  if (!opened.ok()) return {{}, {{std::string{what}, opened.status()}}};
  return *std::move(opened);
}

}  // namespace troika
