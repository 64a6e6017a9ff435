#include <algorithm>
#include <memory>
#include <new>

#include <sys/mman.h>

#include "backends/host/host.h"
#include "backends/host/topology.h"

namespace troika::host {
namespace {

constexpr std::size_t page_bytes = 4096;
// Large allocations are offered to the kernel as huge pages: fewer faults at the first touch, fewer
// misses later. Where it has none they are common pages.
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
// Requests above it are held against what is free: the system would grant them and kill the
// process at the first touch. Asking costs tens of microseconds, too much for small ones.
constexpr std::size_t checked_bytes_min = std::size_t{16} << 20;

std::size_t pages_of(std::size_t bytes) {
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

// Straight from the system, at a boundary of huge pages. nullptr: it has no room.
std::byte* map_huge(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t room = bytes + alignment;
  void* const mapped =
      mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  void* begin = mapped;
  std::size_t left = room;
  std::align(alignment, bytes, begin, left);
  if (left < room) munmap(mapped, room - left);
  if (left > bytes) munmap(static_cast<std::byte*>(begin) + bytes, left - bytes);
  madvise(begin, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(begin);
}

class Owned final : public Allocation {
 public:
  Owned(std::byte* bytes, std::size_t size, std::align_val_t alignment) noexcept
      : Allocation{host_space, size, bytes}, alignment_{alignment} {}
  ~Owned() override { ::operator delete(host(), alignment_); }

 private:
  std::align_val_t alignment_;
};

class Mapped final : public Allocation {
 public:
  Mapped(std::byte* bytes, std::size_t size) noexcept : Allocation{host_space, size, bytes} {}
  ~Mapped() override { munmap(host(), pages_of(bytes())); }
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
  const std::size_t padded = pages_of(op.bytes);
  if (op.bytes >= huge_page_bytes) {
    std::byte* const bytes = map_huge(padded, std::max(op.alignment, huge_page_bytes));
    if (!bytes) return out_of_memory(op.bytes, bytes_free());
    return std::unique_ptr<Allocation>{std::make_unique<Mapped>(bytes, op.bytes)};
  }
  const std::size_t alignment = std::max(op.alignment, page_bytes);
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
