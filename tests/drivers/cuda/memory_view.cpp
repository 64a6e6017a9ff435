#include "tests/drivers/cuda/memory_view.h"

namespace cuda_emulator {

std::byte* MemoryView::range(std::uint64_t address, std::uint64_t bytes, Access access) {
  Window& window = cache_[static_cast<std::size_t>(access)];
  window = windows_.window(address, bytes);
  const std::uint64_t offset = address - window.base;
  if (window.shadow != nullptr) window.shadow->note(observer_, offset, bytes, access);
  return window.host + offset;
}

}  // namespace cuda_emulator
