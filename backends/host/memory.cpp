#include <algorithm>
#include <new>

#include "backends/host/host.h"
#include "backends/host/topology.h"

namespace troika::host {
namespace {

constexpr std::size_t page_bytes = 4096;
// Requests above it are held against what is free: the system would grant them and kill the
// process at the first touch. Asking costs tens of microseconds, too much for small ones.
constexpr std::size_t checked_bytes_min = std::size_t{16} << 20;

class Owned final : public Allocation {
 public:
  Owned(std::byte* bytes, std::size_t size, std::align_val_t alignment) noexcept
      : Allocation{host_space, size, bytes}, alignment_{alignment} {}
  ~Owned() override { ::operator delete(host(), alignment_); }

 private:
  std::align_val_t alignment_;
};

// Bytes that somebody else owns.
class Borrowed final : public Allocation {
 public:
  Borrowed(std::byte* bytes, std::size_t size) noexcept : Allocation{host_space, size, bytes} {}
};

Status out_of_memory(std::size_t asked, std::size_t free) {
  return {Code::out_of_memory, "allocate: " + std::to_string(asked) +
                                   " bytes on the host: " + std::to_string(free) + " bytes free"};
}

}  // namespace

std::size_t Memory::bytes_free() const noexcept { return memory_available_bytes(); }

Result<std::unique_ptr<Allocation>> Memory::allocate(const AllocOp& op) {
  const bool power_of_two = op.alignment != 0 && (op.alignment & (op.alignment - 1)) == 0;
  if (op.bytes == 0 || !power_of_two)
    return Status{Code::invalid_argument, "allocate: " + std::to_string(op.bytes) +
                                              " bytes at alignment " +
                                              std::to_string(op.alignment)};
  if (op.bytes >= checked_bytes_min && op.bytes > bytes_free())
    return out_of_memory(op.bytes, bytes_free());
  // Whole pages, so that other devices of this space can use them in place.
  const std::size_t alignment = std::max(op.alignment, page_bytes);
  const std::size_t padded = (op.bytes + page_bytes - 1) / page_bytes * page_bytes;
  void* bytes = ::operator new (padded, std::align_val_t{alignment}, std::nothrow);
  if (!bytes) return out_of_memory(op.bytes, bytes_free());
  return std::unique_ptr<Allocation>{std::make_unique<Owned>(
      static_cast<std::byte*>(bytes), op.bytes, std::align_val_t{alignment})};
}

Result<std::unique_ptr<Allocation>> Memory::attach(const Allocation& same_space) {
  if (same_space.space() != host_space || !same_space.host())
    return Status{Code::invalid_argument, "attach: the bytes are not in the host's space"};
  return std::unique_ptr<Allocation>{
      std::make_unique<Borrowed>(same_space.host(), same_space.bytes())};
}

Result<std::unique_ptr<Allocation>> Memory::adopt(std::span<std::byte> host) {
  if (host.empty()) return Status{Code::invalid_argument, "adopt: an empty span"};
  return std::unique_ptr<Allocation>{std::make_unique<Borrowed>(host.data(), host.size())};
}

}  // namespace troika::host
