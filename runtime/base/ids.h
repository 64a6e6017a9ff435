// Strong indices: a DeviceId is never mistaken for a QueueId.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace troika {

template <class Tag, class Rep = std::uint32_t>
struct Id {
  static constexpr Rep none_value = std::numeric_limits<Rep>::max();

  Rep value = none_value;

  constexpr Id() noexcept = default;
  constexpr explicit Id(Rep v) noexcept : value{v} {}
  static constexpr Id none() noexcept { return Id{}; }
  constexpr explicit operator bool() const noexcept { return value != none_value; }
  friend constexpr auto operator<=>(Id, Id) noexcept = default;
};

using DeviceId = Id<struct DeviceTag>;      // index into the runtime's devices
using LaneId = Id<struct LaneTag>;          // index into the executor's lanes
using QueueId = Id<struct QueueTag>;        // unique within a runtime
using SpaceId = Id<struct SpaceTag>;        // an address space
using BufferId = Id<struct BufferTag>;      // unique within a runtime, never reused
using KernelId = Id<struct KernelTag>;      // index into the kernel registry
using ReadySetId = Id<struct ReadySetTag>;  // index into the ready sets
using TaskIndex = Id<struct TaskTag>;       // position of a task in its graph
using RunId = Id<struct RunTag, std::uint64_t>;
using TenantId = Id<struct TenantTag>;

inline constexpr SpaceId host_space{0};

}  // namespace troika

template <class Tag, class Rep>
struct std::hash<troika::Id<Tag, Rep>> {
  std::size_t operator()(troika::Id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
