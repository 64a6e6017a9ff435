// Bytes of the host that no device allocated, on pages of their own.
#pragma once

#include <cstring>
#include <new>

#include "runtime/device/memory.h"

namespace troika {

class HostBytes final : public Allocation {
 public:
  explicit HostBytes(std::size_t bytes)
      : Allocation{host_space, bytes,
                   static_cast<std::byte*>(::operator new((bytes + 4095) / 4096 * 4096, page))} {
    std::memset(host(), 0, bytes);
  }
  ~HostBytes() override { ::operator delete(host(), page); }

 private:
  static constexpr std::align_val_t page{4096};
};

}  // namespace troika
