// Simulated memory: handles on blocks, within the capacity of their space.
#pragma once

#include "backends/sim/core.h"
#include "backends/sim/op.h"
#include "runtime/device/memory.h"

namespace troika::sim {

// One device's handle. Its bytes are real, but only the host's space shows them through host().
class SimAllocation final : public Allocation {
 public:
  enum class Claim : std::uint8_t { owns, attached, adopted };

  SimAllocation(Core& core, SpaceId space, std::shared_ptr<Block> block, std::size_t base,
                std::size_t bytes, Claim claim);
  ~SimAllocation() override;

  Core& core() const noexcept { return core_; }
  const std::shared_ptr<Block>& block() const noexcept { return block_; }
  std::size_t base() const noexcept {
    return base_;
  }  // where the handle's bytes begin in the block
  const std::shared_ptr<InUse>& in_use() const noexcept { return in_use_; }

 private:
  Core& core_;
  const std::shared_ptr<Block> block_;
  const std::size_t base_;
  const Claim claim_;
  const std::shared_ptr<InUse> in_use_ = std::make_shared<InUse>();
};

class SimMemory final : public Memory {
 public:
  explicit SimMemory(Core& core) noexcept : core_{core} {}

  SpaceId space() const noexcept override { return core_.info().space; }
  std::size_t bytes_free() const noexcept override;
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;
  // In the host's space, or where the machine says that the device adopts.
  Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host) override;

 private:
  Core& core_;
};

}  // namespace troika::sim
