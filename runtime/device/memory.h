// A device's memory: what it can allocate, attach to, adopt and pin.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace troika {

// Bytes in one space, as one device knows them. Destroying it frees them (or gives up the device's
// handle on them): no queued operation may still use it. Destroyed on any thread.
class Allocation {
 public:
  Allocation(const Allocation&) = delete;
  Allocation& operator=(const Allocation&) = delete;
  virtual ~Allocation() = default;

  SpaceId space() const noexcept { return space_; }
  std::size_t bytes() const noexcept { return bytes_; }
  // Where the host finds the first byte; null when it cannot dereference this space.
  std::byte* host() const noexcept { return host_; }

 protected:
  Allocation(SpaceId space, std::size_t bytes, std::byte* host) noexcept
      : space_{space}, bytes_{bytes}, host_{host} {}

 private:
  SpaceId space_;
  std::size_t bytes_;
  std::byte* host_;
};

// `rows` rows of `row_bytes` bytes, the first at `offset`, each `pitch` bytes after the one before.
// One row: pitch is of no account.
struct Span2D {
  const Allocation* in = nullptr;
  std::size_t offset = 0;
  std::size_t row_bytes = 0;
  std::size_t rows = 1;
  std::size_t pitch = 0;

  std::size_t bytes() const noexcept { return row_bytes * rows; }
  // One past the last byte, from the allocation's start.
  std::size_t end() const noexcept {
    return rows ? offset + (rows - 1) * pitch + row_bytes : offset;
  }
};

struct AllocOp {
  std::size_t bytes = 0;
  std::size_t alignment = 4096;  // a power of two
  unsigned bank = 0;             // of DeviceInfo::banks; 0 where there are none
};

// Host pages kept fit for DMA for as long as it lives.
class Pin {
 public:
  virtual ~Pin() = default;
};

// One a device. Thread-safe; every call but the destructors may block on the vendor, so none is
// made on the strand except allocate() and attach(), which return in bounded time.
class Memory {
 public:
  virtual ~Memory() = default;

  virtual SpaceId space() const noexcept = 0;
  // What a budget starts from; an estimate where the vendor does not say.
  virtual std::size_t bytes_free() const noexcept = 0;
  // Code::out_of_memory names bytes asked for and free.
  virtual Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) = 0;
  // This device's handle on bytes that lie in its space already; they must outlive it. At most one
  // a device and allocation at a time.
  virtual Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) = 0;
  // Makes host pages visible to this device's kernels; they must outlive the result.
  // Default: Code::unsupported.
  virtual Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host);
  // Makes host pages fit for asynchronous DMA. Default: null, for they need not be made so.
  virtual Result<std::unique_ptr<Pin>> pin(std::span<std::byte> host);
};

}  // namespace troika
