// Memory that buffers have given back, for those of the same size that need room next.
#pragma once

#include <optional>
#include <vector>

#include "runtime/exec/buffer_state.h"

namespace troika {

// Nothing uses a block any more when it comes.
class Pool {
 public:
  struct Block {
    std::size_t bytes = 0;
    BufferState::Home home;
  };

  void put(Block block) { blocks_.push_back(std::move(block)); }
  // The one that came last, which caches remember best.
  std::optional<Block> take(SpaceId space, std::size_t bytes);
  // Frees the blocks that have lain longest until the space has at least so many bytes less, or
  // none is left. Returns how many it has less.
  std::size_t trim(SpaceId space, std::size_t bytes);

 private:
  std::vector<Block> blocks_;  // in the order of their coming
};

}  // namespace troika
