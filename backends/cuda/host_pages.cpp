#include "backends/cuda/host_pages.h"

#include <iterator>
#include <string>

#include "backends/cuda/cuda.h"

namespace troika::cuda {

void HostPages::may_call_in(std::weak_ptr<const Core> core) { cores_.push_back(std::move(core)); }

Result<std::unique_ptr<HostPages::Hold>> HostPages::hold(std::span<std::byte> host) {
  const auto first = reinterpret_cast<std::uintptr_t>(host.data());
  const std::uintptr_t begin = first / page_bytes * page_bytes;
  const std::uintptr_t end = (first + host.size() + page_bytes - 1) / page_bytes * page_bytes;
  const std::scoped_lock lock{mutex_};
  // The last range that begins before ours ends is the only one that may hold all of it.
  const auto after = ranges_.lower_bound(end);
  if (after != ranges_.begin()) {
    auto& [known, range] = *std::prev(after);
    if (known <= begin && end <= range.end) {
      ++range.holds;
      return std::make_unique<Hold>(shared_from_this(), known);
    }
    if (begin < range.end)
      return Status{Code::unsupported, "cuMemHostRegister of " + std::to_string(host.size()) +
                                           " bytes: a part of their pages is registered already"};
  }
  const CUresult error =
      api_.MemHostRegister(reinterpret_cast<void*>(begin), end - begin,
                           CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP);
  if (error != CUDA_SUCCESS && error != CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED)
    return failure(api_, Code::unsupported,
                   "cuMemHostRegister of " + std::to_string(host.size()) + " bytes", error);
  ranges_.emplace(begin, Registered{end, 1, error == CUDA_SUCCESS});
  return std::make_unique<Hold>(shared_from_this(), begin);
}

void HostPages::release(std::uintptr_t begin) noexcept {
  const std::scoped_lock lock{mutex_};
  const auto range = ranges_.find(begin);
  if (--range->second.holds != 0) return;
  if (range->second.ours) unregister(reinterpret_cast<void*>(begin));
  ranges_.erase(range);
}

// In the context that is current; should that be a lost device's, in another.
void HostPages::unregister(void* begin) const noexcept {
  if (api_.MemHostUnregister(begin) == CUDA_SUCCESS) return;
  for (const auto& weak : cores_) {
    const std::shared_ptr<const Core> core = weak.lock();
    if (core == nullptr) continue;
    const Current current{*core};
    if (api_.MemHostUnregister(begin) == CUDA_SUCCESS) return;
  }
}

}  // namespace troika::cuda
