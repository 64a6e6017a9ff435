// How the driver tells that a stream has come to a point.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/cuda/api.h"
#include "runtime/device/waker.h"

namespace troika::cuda {

// Rung by host functions on a thread of the driver's, which may call nothing of CUDA's. The stream
// and each ring that is owed share it, and the last deletes it. After an error in the context the
// driver never calls back: what it owes then is owed for good, and kept.
class Bell {
 public:
  explicit Bell(std::shared_ptr<Waker> waker) noexcept : waker_{std::move(waker)} {}

  // One ring behind what is on the stream.
  CUresult ring_behind(const Api& api, CUstream stream) {
    owners_.fetch_add(1, std::memory_order_relaxed);
    const CUresult error = api.LaunchHostFunc(stream, &ring, this);
    if (error != CUDA_SUCCESS) owners_.fetch_sub(1, std::memory_order_relaxed);
    return error;
  }
  // The stream no longer listens. `lost`: the driver may never call back.
  void leave(bool lost) {
    if (lost) {
      static std::mutex mutex;
      static auto& kept = *new std::vector<Bell*>;
      const std::scoped_lock lock{mutex};
      kept.push_back(this);
    } else {
      disown();
    }
  }

 private:
  static void CUDA_CB ring(void* self) noexcept {
    Bell* const bell = static_cast<Bell*>(self);
    bell->waker_->wake();
    bell->disown();
  }
  void disown() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const std::shared_ptr<Waker> waker_;
  std::atomic<std::size_t> owners_{1};
};

}  // namespace troika::cuda
