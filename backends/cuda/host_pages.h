// The host's pages that the driver was told of: pinned, and mapped for every device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "backends/cuda/api.h"

namespace troika::cuda {

struct Core;

// The driver registers ranges and refuses one that it knows in part, so users of the same pages
// share a registration. One a process: registrations are portable to every context. Thread-safe;
// registering takes as long as there are pages.
class HostPages : public std::enable_shared_from_this<HostPages> {
 public:
  static constexpr std::size_t page_bytes = 4096;

  explicit HostPages(const Api& api) noexcept : api_{api} {}

  // Keeps a range registered.
  class Hold {
   public:
    Hold(std::shared_ptr<HostPages> pages, std::uintptr_t begin) noexcept
        : pages_{std::move(pages)}, begin_{begin} {}
    ~Hold() { pages_->release(begin_); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    const std::shared_ptr<HostPages> pages_;
    const std::uintptr_t begin_;  // of the registration
  };

  // A device in whose context registrations may be ended: that of a lost one does not. Before the
  // first hold().
  void may_call_in(std::weak_ptr<const Core> core);
  // With a context current, whichever. Code::unsupported when another registration covers a part of
  // the pages but not all. Pages that others in the process registered are held by them alone.
  Result<std::unique_ptr<Hold>> hold(std::span<std::byte> host);

 private:
  struct Registered {
    std::uintptr_t end;
    std::size_t holds;
    bool ours;
  };
  void release(std::uintptr_t begin) noexcept;
  void unregister(void* begin) const noexcept;

  const Api& api_;
  std::vector<std::weak_ptr<const Core>> cores_;
  std::mutex mutex_;  // protects ranges_, and held while the driver changes what they say
  std::map<std::uintptr_t, Registered> ranges_;  // by their first byte; none overlap
};

}  // namespace troika::cuda
