// Every address that the driver gave out: device, pinned, registered and managed memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/drivers/cuda/memory_view.h"

namespace cuda_emulator {

struct Context;
struct Pool;

// Bytes, and who touched them. They stay for as long as an operation has them in sight.
struct Pages {
  std::byte* host = nullptr;       // as the emulator reaches them
  std::uint64_t mapped = 0;        // unmapped at the end; 0: they are the program's
  std::unique_ptr<Shadow> shadow;  // null where races are not looked for
  Pages(std::byte* at, std::uint64_t to_unmap) : host(at), mapped(to_unmap) {}
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
};

struct Allocation {
  enum class Kind : std::uint8_t { device, pinned, registered, managed };
  enum class State : std::uint8_t {
    reserved,  // its allocation in stream order has not been executed
    live,
    freed,  // its address is never given out again
  };
  std::uint64_t base = 0, bytes = 0;  // as the device sees it
  std::shared_ptr<Pages> pages;       // null when freed
  std::byte* user = nullptr;          // as the host may: null for device memory
  Kind kind = Kind::device;
  std::atomic<State> state{State::live};
  int device = 0;
  Context* context = nullptr;
  Pool* pool = nullptr;         // of memory in stream order
  OpId allocated_by = 0;        // the operation that allocates it in stream order; 0: none
  bool free_requested = false;  // a free in stream order was submitted
  bool for_host_only = false;   // managed memory attached to the host
  unsigned flags = 0;
  std::vector<OpId> touched;  // operations that used it
};

class AddressSpace {
 public:
  AddressSpace();

  // New memory of a device, poisoned, that the host cannot reach by this address. Null: no
  // addresses.
  Allocation* add_device(int device, std::uint64_t bytes);
  // Pages of the host's, poisoned.
  Allocation* add_pinned(std::uint64_t bytes);
  // Pages seen by the host at `user` and by the emulator elsewhere.
  Allocation* add_managed(std::uint64_t bytes);
  // The host's own memory. Null: it overlaps a registered range.
  Allocation* add_registered(void* memory, std::uint64_t bytes);

  // Out of reach for every later operation; the address stays known as freed.
  void remove(Allocation& allocation);

  // The allocation that holds the address, freed ones too; null: none.
  Allocation* find(std::uint64_t address) const;
  // The pinned, registered or managed one that holds the host's address.
  Allocation* find_user(const void* address) const;

  // What an operation finds at an address: `reaches(allocation)` says whether its device may.
  template <class Reaches>
  Window window(std::uint64_t address, std::uint64_t bytes, OpId user, Reaches&& reaches) const {
    const std::unique_lock lock(mutex_);
    return opened(find_locked(address), address, bytes, user, reaches);
  }

  // The operations that used it.
  std::vector<OpId> users_of(const Allocation& allocation) const {
    const std::unique_lock lock(mutex_);
    return allocation.touched;
  }

  template <class F>
  void each(F&& f) {
    const std::unique_lock lock(mutex_);
    for (auto& [base, allocation] : all_) f(*allocation);
  }

 private:
  Allocation* add(std::unique_ptr<Allocation> made);
  Allocation* find_locked(std::uint64_t address) const;
  template <class Reaches>
  static Window opened(Allocation* found, std::uint64_t address, std::uint64_t bytes, OpId user,
                       Reaches& reaches) {
    check(found, address, bytes);
    reaches(*found);
    if (found->touched.empty() || found->touched.back() != user) found->touched.push_back(user);
    return {found->base, found->bytes, found->pages->host, found->pages->shadow.get(),
            found->pages};
  }
  // Throws Fault unless all of the range lies in a live allocation.
  static void check(const Allocation* found, std::uint64_t address, std::uint64_t bytes);
  // Addresses that nobody had before; 0: none are left.
  std::uint64_t reserve(std::uint64_t bytes);

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::unique_ptr<Allocation>> all_;  // by base
  std::map<std::uint64_t, Allocation*> by_user_;
  std::uint64_t next_ = 0, left_ = 0;  // of the addresses reserved last
  int poison_ = -1;                    // a file full of poison
};

}  // namespace cuda_emulator
