#include "tests/drivers/cuda/address_space.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "tests/drivers/cuda/fault.h"
#include "tests/drivers/cuda/options.h"

namespace cuda_emulator {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t poison_bytes = std::uint64_t{1} << 22;  // of the file
constexpr std::uint64_t part_bytes = std::uint64_t{1} << 28;    // of addresses reserved at once
constexpr int poison_of_fresh = 0xCB;

std::uint64_t pages(std::uint64_t bytes) { return (bytes + page - 1) / page * page; }

std::byte* mapped(std::uint64_t bytes, int protection, int flags, int file = -1,
                  std::uint64_t at = 0) {
  void* const where = mmap(reinterpret_cast<void*>(at), bytes, protection,
                           flags | (at != 0 ? MAP_FIXED : 0), file, 0);
  if (where == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(where);
}

int poison_file() {
  const int file = memfd_create("poison", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, static_cast<off_t>(poison_bytes)) != 0) throw std::bad_alloc();
  std::byte* const at = mapped(poison_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file);
  std::memset(at, poison_of_fresh, poison_bytes);
  munmap(at, poison_bytes);
  return file;
}

}  // namespace

Pages::~Pages() {
  if (mapped != 0) munmap(host, mapped);
}

AddressSpace::AddressSpace() : poison_(poison_file()) {}

// A page that nobody may touch lies between neighbours.
std::uint64_t AddressSpace::reserve(std::uint64_t bytes) {
  const std::uint64_t needed = pages(bytes) + page;
  if (left_ < needed) {
    const std::uint64_t part = std::max(needed, part_bytes);
    void* const at =
        mmap(nullptr, part, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return 0;
    next_ = reinterpret_cast<std::uint64_t>(at);
    left_ = part;
  }
  left_ -= needed;
  return std::exchange(next_, next_ + needed);
}

Allocation* AddressSpace::add(std::unique_ptr<Allocation> made) {
  if (options().races != Races::off) made->pages->shadow = std::make_unique<Shadow>(made->bytes);
  const std::unique_lock lock(mutex_);
  if (made->user != nullptr) by_user_[reinterpret_cast<std::uint64_t>(made->user)] = made.get();
  auto& place = all_[made->base];
  place = std::move(made);
  return place.get();
}

Allocation* AddressSpace::add_device(int device, std::uint64_t bytes) {
  auto made = std::make_unique<Allocation>();
  made->base = reserve(bytes);
  if (made->base == 0) return nullptr;
  made->bytes = bytes;
  made->device = device;
  // Poison costs nothing until it is overwritten: pages of one file, copied when they are.
  std::byte* const at =
      mapped(pages(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  made->pages = std::make_shared<Pages>(at, pages(bytes));
  for (std::uint64_t done = 0; done < pages(bytes); done += poison_bytes) {
    mapped(std::min(poison_bytes, pages(bytes) - done), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_NORESERVE, poison_, reinterpret_cast<std::uint64_t>(at) + done);
  }
  return add(std::move(made));
}

Allocation* AddressSpace::add_pinned(std::uint64_t bytes) {
  auto made = std::make_unique<Allocation>();
  made->kind = Allocation::Kind::pinned;
  made->user = mapped(pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  made->pages = std::make_shared<Pages>(made->user, pages(bytes));
  std::memset(made->user, poison_of_fresh, bytes);
  made->base = reinterpret_cast<std::uint64_t>(made->user);
  made->bytes = bytes;
  return add(std::move(made));
}

Allocation* AddressSpace::add_managed(std::uint64_t bytes) {
  const int file = memfd_create("managed", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, static_cast<off_t>(pages(bytes))) != 0) throw std::bad_alloc();
  auto made = std::make_unique<Allocation>();
  made->kind = Allocation::Kind::managed;
  made->user = mapped(pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file);
  made->pages = std::make_shared<Pages>(
      mapped(pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file), pages(bytes));
  close(file);
  std::memset(made->user, poison_of_fresh, bytes);
  made->base = reinterpret_cast<std::uint64_t>(made->user);
  made->bytes = bytes;
  return add(std::move(made));
}

Allocation* AddressSpace::add_registered(void* memory, std::uint64_t bytes) {
  auto made = std::make_unique<Allocation>();
  made->kind = Allocation::Kind::registered;
  made->user = static_cast<std::byte*>(memory);
  made->pages = std::make_shared<Pages>(made->user, 0);
  made->bytes = bytes;
  const auto address = reinterpret_cast<std::uint64_t>(memory);
  {
    const std::unique_lock lock(mutex_);
    for (const auto& [base, other] : by_user_) {
      if (other->state != Allocation::State::freed && base < address + bytes &&
          address < base + other->bytes)
        return nullptr;
    }
  }
  made->base = options().registered_offset ? reserve(bytes + page) + address % page : address;
  return add(std::move(made));
}

void AddressSpace::remove(Allocation& allocation) {
  const std::unique_lock lock(mutex_);
  allocation.state = Allocation::State::freed;
  allocation.pages.reset();
  if (allocation.user != nullptr) by_user_.erase(reinterpret_cast<std::uint64_t>(allocation.user));
  if (allocation.kind == Allocation::Kind::device) return;
  if (allocation.kind == Allocation::Kind::managed)
    munmap(allocation.user, pages(allocation.bytes));
  all_.erase(allocation.base);  // the host may have these addresses again
}

Allocation* AddressSpace::find_locked(std::uint64_t address) const {
  auto after = all_.upper_bound(address);
  if (after == all_.begin()) return nullptr;
  Allocation* const found = std::prev(after)->second.get();
  return address - found->base < std::max<std::uint64_t>(found->bytes, 1) ? found : nullptr;
}

Allocation* AddressSpace::find(std::uint64_t address) const {
  const std::unique_lock lock(mutex_);
  return find_locked(address);
}

Allocation* AddressSpace::find_user(const void* address) const {
  const std::unique_lock lock(mutex_);
  const auto at = reinterpret_cast<std::uint64_t>(address);
  auto after = by_user_.upper_bound(at);
  if (after == by_user_.begin()) return nullptr;
  Allocation* const found = std::prev(after)->second;
  return at - std::prev(after)->first < found->bytes ? found : nullptr;
}

void AddressSpace::check(const Allocation* found, std::uint64_t address, std::uint64_t bytes) {
  char where[64];
  std::snprintf(where, sizeof where, "%llu bytes at %#llx", static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(address));
  const auto fault = [&](const char* what) -> Fault {
    return {CUDA_ERROR_ILLEGAL_ADDRESS, std::string(where) + ": " + what};
  };
  if (found == nullptr) throw fault("no memory that the driver gave out");
  if (found->state == Allocation::State::freed) throw fault("memory that was freed");
  if (found->state == Allocation::State::reserved)
    throw fault("used before its allocation in stream order");
  if (address + bytes > found->base + found->bytes) throw fault("beyond the end of the allocation");
}

}  // namespace cuda_emulator
