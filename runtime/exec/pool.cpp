#include "runtime/exec/pool.h"

#include <algorithm>

namespace troika {

std::optional<Pool::Block> Pool::take(SpaceId space, std::size_t bytes) {
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) {
    return block.home.space == space && block.bytes == bytes;
  });
  if (found == blocks_.rend()) return std::nullopt;
  Block taken = std::move(*found);
  blocks_.erase(std::next(found).base());
  return taken;
}

std::size_t Pool::trim(SpaceId space, std::size_t bytes) {
  std::size_t freed = 0;
  std::erase_if(blocks_, [&](const Block& block) {
    if (freed >= bytes || block.home.space != space) return false;
    freed += block.bytes;
    return true;
  });
  return freed;
}

}  // namespace troika
