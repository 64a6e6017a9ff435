// The bytes of one buffer: pages of the host's, and while the device works on them a buffer object
// over these pages in one bank of the card's memory.
#pragma once

#include <cstddef>
#include <string_view>

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>

#include "runtime/base/result.h"

namespace troika::xrt {

// The driver thread only, but for its construction and end. The card loses its memory with its
// image, and units reach one bank each: bytes come and go with what is to run.
class Body {
 public:
  static constexpr int nowhere = -1;

  // Whole pages of the host's. Code::out_of_memory.
  static Result<std::shared_ptr<Body>> make(std::size_t bytes);
  // Pages that the vendor takes, in a bank that is the host's memory: on the card for good.
  static Result<std::shared_ptr<Body>> make_on_host(::xrt::device& device, int bank,
                                                    std::size_t bytes, std::string_view where);
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  ~Body();

  std::size_t bytes() const noexcept { return bytes_; }
  std::byte* pages() const noexcept { return pages_; }
  int bank() const noexcept { return bank_; }
  bool is_on_host() const noexcept { return taken_ == 0; }
  const ::xrt::bo& object() const noexcept { return object_; }

  // Runs that are in flight with these bytes: they cannot move.
  unsigned users = 0;

  // Makes room in a bank, and brings there what anybody has written.
  Status place(::xrt::device& device, int bank, std::string_view where);
  // Back to the pages, and off the card. Without users.
  Status evict(std::string_view where);
  // The pages' bytes were written: the device sees them.
  Status to_device(std::size_t offset, std::size_t bytes, std::string_view where);
  // The pages hold what the device has.
  Status from_device(std::size_t offset, std::size_t bytes, std::string_view where);
  // A run writes them.
  void device_writes() noexcept { device_is_newer_ = true; }
  // Bytes between those that are copied may be taken along.
  bool pages_are_current() const noexcept { return !device_is_newer_; }

 private:
  Body(std::byte* pages, std::size_t bytes, std::size_t taken) noexcept
      : pages_{pages}, bytes_{bytes}, taken_{taken} {}

  std::byte* const pages_;
  const std::size_t bytes_;
  const std::size_t taken_;  // of pages; 0: the vendor's
  ::xrt::bo object_;
  int bank_ = nowhere;
  bool written_ = false;  // by anybody: else there is nothing to bring
  bool device_is_newer_ = false;
};

}  // namespace troika::xrt
