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

// Of a space's memory, by what a tenant with a limit has brought there.
struct TenantUse {
  TenantId tenant;
  std::size_t used = 0, limit = 0;
};

// Of a space's memory.
struct SpaceUse {
  SpaceId space;
  DeviceId owner;          // allocates there
  std::size_t used = 0;    // by buffers
  std::size_t budget = 0;  // 0: no limit
  std::vector<TenantUse> tenants;
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

  // Of what a tenant's tasks bring to the space no more than so many bytes lie there at once. What
  // another tenant brought counts as that one's, whoever uses it beside him.
  void limit(TenantId tenant, SpaceId space, std::size_t bytes);
  // No limit: the greatest number.
  std::size_t limit_of(TenantId tenant, SpaceId space) const noexcept;
  std::size_t used_by(TenantId tenant, SpaceId space) const noexcept;

  enum class Answer : std::uint8_t {
    reserved,
    wait,             // something there is in use that will be given back
    wait_for_tenant,  // the same, of what is the tenant's
    impossible        // does not fit the space, or the tenant's limit there, even when it is empty
  };
  // When there is no room: buffers without holders whose homes in the space would make some, and
  // how many bytes are wanting. Beyond a tenant's limit they are all his own.
  struct Shortage {
    std::vector<BufferState*> victims;
    std::size_t bytes = 0;
  };
  // Holds every buffer in the space for the tenant, allocating those that are not there, or nothing
  // at all.
  Answer reserve(std::span<BufferState* const> buffers, SpaceId space, TenantId tenant,
                 Shortage& shortage);
  void release(std::span<BufferState* const> buffers, SpaceId space);
  // A device that refused memory because it is lost; told once.
  struct Lost {
    DeviceId device;
    Status status;
  };
  std::optional<Lost> take_lost() noexcept { return std::exchange(lost_, std::nullopt); }

  // The device's allocation of a buffer that has a home in the space.
  Result<const Allocation*> handle(BufferState& buffer, SpaceId space, DeviceId device);
  // A home in a space that is not reserved by a task: for a copy on its way to somewhere else, or
  // home. It counts as the tenant's and is not refused for his limit: he could not be made room for
  // otherwise.
  Status ensure(BufferState& buffer, SpaceId space, TenantId tenant);

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
    std::vector<TenantUse> shares = {};  // of tenants with a limit
    // Null where he has none.
    TenantUse* share_of(TenantId tenant) noexcept;
  };
  Space& at(SpaceId space) noexcept;
  const Space& at(SpaceId space) const noexcept;
  Status allocate(BufferState& buffer, Space& space, TenantId tenant);
  Status hold_all(std::span<BufferState* const> buffers, Space& space, TenantId tenant);
  bool find_victims(std::span<BufferState* const> needed, SpaceId space, const TenantUse* share,
                    std::vector<BufferState*>& victims);
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
