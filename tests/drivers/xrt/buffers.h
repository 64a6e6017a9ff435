// A card's memory: buffers in banks, each with bytes of the device's own beside the host's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/drivers/xrt/image.h"

namespace xrt_model {

// Pages from the operating system, or the user's own.
class Pages {
 public:
  // At least one page; throws std::bad_alloc.
  explicit Pages(std::size_t bytes);
  explicit Pages(void* of_user) noexcept : first_{static_cast<std::byte*>(of_user)} {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages();

  std::byte* first() const noexcept { return first_; }
  int file() const noexcept { return file_; }  // -1 of the user's

 private:
  std::byte* first_;
  std::size_t taken_ = 0;
  int file_ = -1;
};

struct BufferObject {
  std::size_t bytes = 0;
  unsigned flags = 0;  // as it was asked for
  int bank = -1;       // -1: a command's packet
  std::uint64_t address = 0;
  std::shared_ptr<Pages> host;    // null of memory that only the device sees
  std::shared_ptr<Pages> device;  // the host's own where the device reaches them
};

// Thread-safe. Handles are never used again.
class Buffers {
 public:
  // Throws away what lies there. False, and nothing done, while a buffer lives in other banks.
  bool load(const std::vector<Bank>& banks);
  // 0 when there is no room, or no such bank.
  unsigned make(std::size_t bytes, unsigned flags, void* user);
  bool free(unsigned handle);
  // Null when there is none.
  std::shared_ptr<BufferObject> find(unsigned handle) const;
  // The device's byte at an address, if `bytes` from there lie in one buffer, and its bank.
  std::byte* at(std::uint64_t address, std::size_t bytes, int& bank) const;

 private:
  std::uint64_t take(const Bank& bank, int index, std::size_t bytes) const;

  mutable std::mutex mutex_;  // protects all below
  std::vector<Bank> banks_;
  std::map<unsigned, std::shared_ptr<BufferObject>> objects_;
  unsigned last_ = 0;
};

}  // namespace xrt_model
