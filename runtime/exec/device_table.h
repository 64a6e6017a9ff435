// The devices of a runtime: some may come later, none goes as long as the runtime is there.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <memory>
#include <span>
#include <utility>

#include "runtime/device/device.h"

namespace troika {

// One bit each in DeviceMask and AgentMask, of which the last is for those who share a view.
inline constexpr std::size_t devices_max = 63;

// A device keeps its place, so that spans taken earlier stay good. One thread at a time adds; any
// thread may look.
class DeviceTable {
 public:
  std::span<const std::unique_ptr<Device>> all() const noexcept {
    return first(count_.load(std::memory_order_acquire));
  }
  // The one that is coming included, for whoever is told of it by the thread that adds.
  std::span<const std::unique_ptr<Device>> first(std::size_t count) const noexcept {
    return std::span{devices_}.first(count);
  }
  bool is_full() const noexcept { return all().size() == devices_max; }

  // Behind the last one, where all() does not show it before publish().
  void put(std::unique_ptr<Device> next) noexcept {
    assert(!is_full());
    devices_[all().size()] = std::move(next);
  }
  void publish() noexcept { count_.store(all().size() + 1, std::memory_order_release); }

 private:
  std::array<std::unique_ptr<Device>, devices_max> devices_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace troika
