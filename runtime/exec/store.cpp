#include "runtime/exec/store.h"

#include <algorithm>
#include <limits>

#include "runtime/exec/graveyard.h"

namespace troika {
namespace {

// Kept in one space at most, and at most half of its budget.
constexpr std::size_t kept_bytes_max = std::size_t{256} << 20;

// What the user gave counts against nobody's budget.
std::size_t counted_bytes(const BufferState& buffer, SpaceId space) noexcept {
  return buffer.adopted != nullptr && space == host_space ? 0 : buffer.bytes;
}

}  // namespace

void Store::add_space(SpaceId space, DeviceId owner, std::size_t budget) {
  if (std::any_of(spaces_.begin(), spaces_.end(), [&](const Space& s) { return s.id == space; }))
    return;
  constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  spaces_.push_back({space, owner, owner, budget == 0 ? unlimited : budget});
}

void Store::add_device(DeviceId device, Memory& memory) {
  if (memories_.size() <= device.value) memories_.resize(device.value + 1, nullptr);
  memories_[device.value] = &memory;
}

void Store::prefer(SpaceId space, DeviceId device) { at(space).preferred = device; }

void Store::keep_freed(SpaceId space) { at(space).keeps_freed = true; }

void Store::forget_freed(SpaceId id) {
  Space& space = at(id);
  space.keeps_freed = false;
  trim(space, space.kept);
}

void Store::trim(Space& space, std::size_t bytes) {
  if (bytes != 0) space.kept -= pool_.trim(space.id, bytes);
}

void Store::avoid(DeviceId device) {
  for (Space& space : spaces_)
    if (space.preferred == device) space.preferred = space.owner;
}

Store::Space& Store::at(SpaceId space) noexcept {
  return *std::find_if(spaces_.begin(), spaces_.end(),
                       [&](const Space& s) { return s.id == space; });
}
const Store::Space& Store::at(SpaceId space) const noexcept {
  return const_cast<Store*>(this)->at(space);
}
std::size_t Store::used(SpaceId space) const noexcept { return at(space).used; }
std::size_t Store::budget(SpaceId space) const noexcept { return at(space).budget; }

std::vector<SpaceUse> Store::spaces() const {
  std::vector<SpaceUse> all;
  for (const Space& space : spaces_)
    all.push_back({space.id, space.owner, space.used, space.budget, space.shares});
  return all;
}

TenantUse* Store::Space::share_of(TenantId tenant) noexcept {
  const auto found = std::ranges::find(shares, tenant, &TenantUse::tenant);
  return found == shares.end() ? nullptr : &*found;
}

void Store::limit(TenantId tenant, SpaceId id, std::size_t bytes) {
  Space& space = at(id);
  if (TenantUse* const share = space.share_of(tenant)) {
    share->limit = bytes;
    return;
  }
  std::size_t used = 0;
  for (BufferState* buffer : buffers_)
    if (const BufferState::Home* home = buffer->home(id); home && home->tenant == tenant)
      used += counted_bytes(*buffer, id);
  space.shares.push_back({tenant, used, bytes});
}

std::size_t Store::limit_of(TenantId tenant, SpaceId space) const noexcept {
  const TenantUse* const share = const_cast<Store*>(this)->at(space).share_of(tenant);
  return share ? share->limit : std::numeric_limits<std::size_t>::max();
}

std::size_t Store::used_by(TenantId tenant, SpaceId space) const noexcept {
  const TenantUse* const share = const_cast<Store*>(this)->at(space).share_of(tenant);
  return share ? share->used : 0;
}

Status Store::allocate(BufferState& buffer, Space& space, TenantId tenant) {
  if (auto block = space.kept == 0 ? std::nullopt : pool_.take(space.id, buffer.bytes)) {
    space.kept -= buffer.bytes;
    counts_.reuses += 1;
    buffer.homes.push_back(std::move(block->home));
  } else {
    const std::size_t full = space.used + space.kept + buffer.bytes;
    if (full > space.budget) trim(space, full - space.budget);
    BufferState::Home home;
    home.space = space.id;
    Status refusal = allocate_anew(home, buffer.bytes, space);
    if (!refusal.ok() && space.kept != 0) {
      trim(space, space.kept);
      refusal = allocate_anew(home, buffer.bytes, space);
    }
    if (!refusal.ok()) return refusal;
    buffer.homes.push_back(std::move(home));
  }
  buffer.homes.back().tenant = tenant;
  space.used += buffer.bytes;
  if (TenantUse* const share = space.share_of(tenant)) share->used += buffer.bytes;
  return {};
}

Status Store::allocate_anew(BufferState::Home& home, std::size_t bytes, Space& space) {
  const auto ask = [&](DeviceId device) {
    home.owner = device;
    auto allocated = memories_[device.value]->allocate({bytes, 4096, 0});
    if (!allocated.ok() && allocated.status().code() == Code::device_lost)
      lost_ = Lost{device, allocated.status()};
    return allocated;
  };
  auto allocated = ask(space.preferred);
  if (!allocated.ok() && space.preferred != space.owner) allocated = ask(space.owner);
  if (!allocated.ok()) return allocated.status();
  home.root = *std::move(allocated);
  counts_.allocations += 1;
  return {};
}

Store::Answer Store::reserve(std::span<BufferState* const> buffers, SpaceId id, TenantId tenant,
                             Shortage& shortage) {
  shortage = {};
  Space& space = at(id);
  const TenantUse* const share = space.share_of(tenant);
  std::size_t needed = 0, total = 0, his = 0;
  for (BufferState* const buffer : buffers) {
    const BufferState::Home* const home = buffer->home(id);
    total += buffer->bytes;
    if (home == nullptr) needed += buffer->bytes;
    if (home == nullptr || home->tenant == tenant) his += counted_bytes(*buffer, id);
  }
  if (total > space.budget || (share && his > share->limit)) return Answer::impossible;

  if (share && share->used + needed > share->limit) {
    find_victims(buffers, id, share, shortage.victims);
    shortage.bytes = share->used + needed - share->limit;
    return Answer::wait_for_tenant;
  }
  Status refusal;
  if (space.used + needed <= space.budget) {
    refusal = hold_all(buffers, space, tenant);
    if (refusal.ok()) return Answer::reserved;
  } else {
    shortage.bytes = space.used + needed - space.budget;
  }
  const bool in_use = find_victims(buffers, id, nullptr, shortage.victims);
  if (shortage.victims.empty() && !in_use) return refusal.ok() ? Answer::wait : Answer::impossible;
  return Answer::wait;
}

Status Store::hold_all(std::span<BufferState* const> buffers, Space& space, TenantId tenant) {
  for (BufferState* const buffer : buffers)
    if (buffer->home(space.id) == nullptr) TROIKA_TRY(allocate(*buffer, space, tenant));
  for (BufferState* const buffer : buffers) {
    BufferState::Home& home = *buffer->home(space.id);
    home.held += 1;
    home.last_use = ++clock_;
  }
  return {};
}

// Least recently used first, what the task itself needs excepted; of a share, what is its tenant's.
// True when others would be among them, were they not in use.
bool Store::find_victims(std::span<BufferState* const> needed, SpaceId space,
                         const TenantUse* share, std::vector<BufferState*>& victims) {
  bool in_use = false;
  for (BufferState* const buffer : buffers_) {
    const BufferState::Home* const home = buffer->home(space);
    if (home == nullptr || std::ranges::find(needed, buffer) != needed.end()) continue;
    if (share != nullptr && home->tenant != share->tenant) continue;
    if (home->held != 0) in_use = true;
    else if (counted_bytes(*buffer, space) != 0) victims.push_back(buffer);
  }
  std::ranges::sort(victims, {}, [&](BufferState* each) { return each->home(space)->last_use; });
  return in_use;
}

void Store::release(std::span<BufferState* const> buffers, SpaceId space) {
  for (BufferState* buffer : buffers)
    if (BufferState::Home* home = buffer->home(space)) home->held -= home->held > 0 ? 1 : 0;
}

Result<const Allocation*> Store::handle(BufferState& buffer, SpaceId space, DeviceId device) {
  BufferState::Home& home = *buffer.home(space);
  if (home.owner == device) return static_cast<const Allocation*>(home.root.get());
  for (const auto& [owner, allocation] : home.handles)
    if (owner == device) return static_cast<const Allocation*>(allocation.get());
  TROIKA_ASSIGN(auto attached, memories_[device.value]->attach(*home.root));
  home.handles.emplace_back(device, std::move(attached));
  return static_cast<const Allocation*>(home.handles.back().second.get());
}

Status Store::ensure(BufferState& buffer, SpaceId id, TenantId tenant) {
  if (buffer.home(id) != nullptr) return {};
  Space& space = at(id);
  if (space.used + buffer.bytes > space.budget)
    return {Code::out_of_memory, "no room for " + std::to_string(buffer.bytes) +
                                     " bytes: " + std::to_string(space.used) + " of " +
                                     std::to_string(space.budget) + " in use"};
  return allocate(buffer, space, tenant);
}

void Store::evict(BufferState& buffer, SpaceId space) {
  const auto found = std::find_if(buffer.homes.begin(), buffer.homes.end(),
                                  [&](const BufferState::Home& h) { return h.space == space; });
  if (found == buffer.homes.end()) return;
  Space& in = at(space);
  in.used -= counted_bytes(buffer, space);
  if (TenantUse* const share = in.share_of(found->tenant))
    share->used -= counted_bytes(buffer, space);
  if (in.keeps_freed && found->root != nullptr) {
    found->held = 0;
    pool_.put({buffer.bytes, std::move(*found)});
    in.kept += buffer.bytes;
    const std::size_t most = std::min(kept_bytes_max, in.budget / 2);
    if (in.kept > most) trim(in, in.kept - most);
  }
  // Before the root, which the next home may take the place of first.
  found->handles.clear();
  found->pins.clear();
  buffer.homes.erase(found);
  buffer.coherence.drop(space);
}

void Store::free_all(BufferState& buffer) {
  while (!buffer.homes.empty()) {
    if (buffer.dead.ok()) evict(buffer, buffer.homes.back().space);
    else seal(buffer, buffer.homes.back().space);
  }
}

void Store::drop_handle(BufferState& buffer, SpaceId space, DeviceId device) {
  if (BufferState::Home* home = buffer.home(space))
    std::erase_if(home->handles, [&](const auto& entry) { return entry.first == device; });
}

void Store::seal(BufferState& buffer, SpaceId space) {
  BufferState::Home* home = buffer.home(space);
  if (home == nullptr) return;
  quarantined_bytes_ += buffer.bytes;
  for (auto& [device, handle] : home->handles) bury(std::move(handle));
  for (auto& [device, pin] : home->pins) bury(std::move(pin));
  bury(std::move(home->root));
  evict(buffer, space);
}

void Store::forget(BufferState& buffer) { std::erase(buffers_, &buffer); }

}  // namespace troika
