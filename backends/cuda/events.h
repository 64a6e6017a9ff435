// Events of one stream, used again and again.
#pragma once

#include <vector>

#include "backends/cuda/cuda.h"

namespace troika::cuda {

// With the device's context current. An event may be given back once it has happened: a wait for it
// took what it was recorded for when it was enqueued.
class Events {
 public:
  // `flags`: CU_EVENT_DEFAULT for those that measure time.
  Events(const Core& core, unsigned flags) noexcept : core_{core}, flags_{flags} {}
  // Before it is destroyed, for that may be behind the end of the context's being current.
  void clear() {
    for (const CUevent event : free_) core_.api->EventDestroy(event);
    free_.clear();
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  CUresult take(CUevent& event) {
    if (free_.empty()) return core_.api->EventCreate(&event, flags_);
    event = free_.back();
    free_.pop_back();
    return CUDA_SUCCESS;
  }
  void give_back(CUevent event) {
    if (event) free_.push_back(event);
  }

 private:
  const Core& core_;
  const unsigned flags_;
  std::vector<CUevent> free_;
};

}  // namespace troika::cuda
