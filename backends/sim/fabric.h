// What the devices of one simulated machine share: its spaces, its links, the host's pages.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/sim/block.h"
#include "backends/sim/machine.h"
#include "backends/sim/network.h"

namespace troika::sim {

struct Space {
  static constexpr std::size_t default_bytes_max = std::size_t{64} << 30;

  std::string name;
  SpaceId id;
  std::size_t bytes_max = default_bytes_max;
  std::size_t bytes_used = 0;
  unsigned devices = 0;
  bool lost = false;  // its only device is
  std::vector<std::weak_ptr<Block>> blocks;
};

class Fabric {
 public:
  Fabric(World& world, const Machine& machine);

  World& world() noexcept { return world_; }
  const Machine& machine() const noexcept { return machine_; }
  Network& network() noexcept { return network_; }
  Space& space(SpaceId id) noexcept { return spaces_[id.value]; }
  Space& space_named(const std::string& name);

  void add_block(SpaceId id, const std::shared_ptr<Block>& block);
  // The block of the host's space that holds `pages`, made now if none does. Null when they lie in
  // one only in part.
  std::shared_ptr<Block> block_of(std::span<std::byte> pages);

 private:
  World& world_;
  const Machine machine_;
  Network network_;
  std::vector<Space> spaces_;  // by id; the host's first
};

}  // namespace troika::sim
