// Global memory as one operation on one device sees it: checked, and its accesses noted for the
// race detector.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tests/drivers/cuda/shadow.h"

namespace cuda_emulator {

// A part of the address space that one check opens: an allocation that this device may touch.
struct Window {
  std::uint64_t base = 0, bytes = 0;
  std::byte* host = nullptr;          // where the emulator finds it
  Shadow* shadow = nullptr;           // null: accesses are not noted
  std::shared_ptr<const void> pages;  // what keeps them
};

// Who opens windows. Implemented by the address space.
class Windows {
 public:
  // The window that holds [address, address + bytes). Throws Fault where there is none for a
  // device.
  virtual Window window(std::uint64_t address, std::uint64_t bytes) const = 0;
  virtual ~Windows() = default;
};

class MemoryView {
 public:
  // For the operation that the observer stands for; both outlive the view.
  MemoryView(const Windows& windows, Observer& observer) : windows_(windows), observer_(observer) {}

  // The bytes at an address of global memory. `site` tells accesses of different instructions
  // apart: each finds the allocation it touched last without a search.
  std::byte* at(std::uint64_t address, std::uint32_t bytes, Access access, std::uint32_t site) {
    Window& window = cache_[site % cache_.size()];
    if (address - window.base > window.bytes - bytes || window.bytes < bytes) {
      window = windows_.window(address, bytes);
    }
    const std::uint64_t offset = address - window.base;
    if (window.shadow != nullptr) window.shadow->note(observer_, offset, bytes, access);
    return window.host + offset;
  }

  // The same for any number of bytes, which lie in one allocation. Good until the next call with
  // the same access.
  std::byte* range(std::uint64_t address, std::uint64_t bytes, Access access);

 private:
  const Windows& windows_;
  Observer& observer_;
  std::array<Window, 16> cache_{};
};

}  // namespace cuda_emulator
