#include "backends/sim/fabric.h"

#include <algorithm>

namespace troika::sim {

Fabric::Fabric(World& world, const Machine& machine)
    : world_{world}, machine_{machine}, network_{world, machine} {
  spaces_.push_back({.name = "host", .id = host_space, .blocks = {}});
  for (const MachineDevice& device : machine_.devices) {
    Space& space = space_named(device.space);
    ++space.devices;
    if (device.memory_bytes != 0) space.bytes_max = device.memory_bytes;
  }
  for (const MachineLink& link : machine_.links) {
    space_named(link.from);
    space_named(link.to);
  }
}

Space& Fabric::space_named(const std::string& name) {
  const auto found = std::find_if(spaces_.begin(), spaces_.end(),
                                  [&](const Space& space) { return space.name == name; });
  if (found != spaces_.end()) return *found;
  const SpaceId id{static_cast<std::uint32_t>(spaces_.size())};
  return spaces_.emplace_back(Space{.name = name, .id = id, .blocks = {}});
}

void Fabric::add_block(SpaceId id, const std::shared_ptr<Block>& block) {
  auto& blocks = space(id).blocks;
  std::erase_if(blocks, [](const std::weak_ptr<Block>& old) { return old.expired(); });
  blocks.push_back(block);
}

std::shared_ptr<Block> Fabric::block_of(std::span<std::byte> pages) {
  const auto begin = reinterpret_cast<std::uintptr_t>(pages.data());
  const auto end = begin + pages.size();
  for (const auto& weak : space(host_space).blocks) {
    auto block = weak.lock();
    if (!block) continue;
    const auto first = reinterpret_cast<std::uintptr_t>(block->data());
    const auto last = first + block->bytes();
    if (first <= begin && end <= last) return block;
    if (begin < last && first < end) return nullptr;
  }
  auto block = std::make_shared<Block>(world_, "host pages", pages);
  add_block(host_space, block);
  return block;
}

}  // namespace troika::sim
