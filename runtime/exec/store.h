// Who lies where: allocations of buffers in spaces, within each space's budget.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "runtime/exec/buffer_state.h"
#include "runtime/exec/pool.h"

namespace troika {

// Of a space's memory.
struct SpaceUse {
  SpaceId space;
  DeviceId owner;          // allocates there
  std::size_t used = 0;    // by buffers
  std::size_t budget = 0;  // 0: no limit
};

class Store {
 public:
  void add_device(DeviceId device, Memory& memory);
  // `owner`, a device that was added, allocates in the space unless another is preferred; `budget`
  // in bytes, 0 for no limit. A space that is there already stays as it is.
  void add_space(SpaceId space, DeviceId owner, std::size_t budget);
  // From now on the device, of the same space, allocates there; what it refuses, the owner does.
  void prefer(SpaceId space, DeviceId device);
  // From now on memory that buffers give back in the space is kept, within limits, for others of
  // the same size. Not where a device has to hand its writes over: what it still holds would come
  // late.
  void keep_freed(SpaceId space);
  // The space is lost: nothing is kept there any more.
  void forget_freed(SpaceId space);
  // The device is lost: it allocates nothing any more.
  void avoid(DeviceId device);

  enum class Answer : std::uint8_t {
    reserved,
    wait,       // something there is in use that will be given back
    impossible  // does not fit the space even when it is empty
  };
  // Holds every buffer in the space, allocating those that are not there, or nothing at all. On
  // `wait`, `victims` are buffers without holders whose homes there would make room.
  Answer reserve(std::span<BufferState* const> buffers, SpaceId space,
                 std::vector<BufferState*>& victims);
  void release(std::span<BufferState* const> buffers, SpaceId space);
  // A device that refused memory because it is lost; told once.
  struct Lost {
    DeviceId device;
    Status status;
  };
  std::optional<Lost> take_lost() noexcept { return std::exchange(lost_, std::nullopt); }

  // The device's allocation of a buffer that has a home in the space.
  Result<const Allocation*> handle(BufferState& buffer, SpaceId space, DeviceId device);
  // A home in a space that is not reserved by a task: for a copy on its way to somewhere else.
  Status ensure(BufferState& buffer, SpaceId space);

  // Frees the home; nothing uses it. Forgets the bytes in the coherence too.
  void evict(BufferState& buffer, SpaceId space);
  void free_all(BufferState& buffer);
  // Gives up a lost device's handle on a home that others share.
  void drop_handle(BufferState& buffer, SpaceId space, DeviceId device);
  // The home goes out of use and is never freed: somebody may still touch it.
  void seal(BufferState& buffer, SpaceId space);
  std::size_t quarantined_bytes() const noexcept { return quarantined_bytes_; }

  struct Counts {
    std::uint64_t allocations = 0;  // asked of a device
    std::uint64_t reuses = 0;       // of memory that was kept
  };
  const Counts& counts() const noexcept { return counts_; }
  // By buffers, whatever is kept beside them.
  std::size_t used(SpaceId space) const noexcept;
  std::size_t budget(SpaceId space) const noexcept;
  std::vector<SpaceUse> spaces() const;
  void track(BufferState& buffer) { buffers_.push_back(&buffer); }
  void forget(BufferState& buffer);

 private:
  struct Space {
    SpaceId id;
    DeviceId owner, preferred;
    std::size_t budget;
    std::size_t used = 0;
    std::size_t kept = 0;  // in the pool; makes way when there is no room
    bool keeps_freed = false;
  };
  Space& at(SpaceId space) noexcept;
  const Space& at(SpaceId space) const noexcept;
  Status allocate(BufferState& buffer, Space& space);
  Status allocate_anew(BufferState::Home& home, std::size_t bytes, Space& space);
  void trim(Space& space, std::size_t bytes);

  std::vector<Space> spaces_;
  std::vector<Memory*> memories_;      // by device
  std::vector<BufferState*> buffers_;  // with or without homes
  Pool pool_;
  Counts counts_;
  std::optional<Lost> lost_;
  std::size_t quarantined_bytes_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace troika
