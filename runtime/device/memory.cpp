#include "runtime/device/memory.h"

namespace troika {

Result<std::unique_ptr<Allocation>> Memory::adopt(std::span<std::byte>) {
  return Status{Code::unsupported, "adopt: this device's kernels cannot reach host pages"};
}

Result<std::unique_ptr<Pin>> Memory::pin(std::span<std::byte>) { return std::unique_ptr<Pin>{}; }

}  // namespace troika
