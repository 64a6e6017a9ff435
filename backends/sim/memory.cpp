#include "backends/sim/memory.h"

#include <algorithm>
#include <bit>
#include <new>
#include <string>

namespace troika::sim {
namespace {

constexpr std::size_t page_bytes = 4096;

std::unique_ptr<Allocation> handle_on(Core& core, SpaceId space, std::shared_ptr<Block> block,
                                      std::size_t base, std::size_t bytes,
                                      SimAllocation::Claim claim) {
  return std::make_unique<SimAllocation>(core, space, std::move(block), base, bytes, claim);
}

}  // namespace

SimAllocation::SimAllocation(Core& core, SpaceId space, std::shared_ptr<Block> block,
                             std::size_t base, std::size_t bytes, Claim claim)
    : Allocation{space, bytes, space == host_space ? block->data() + base : nullptr},
      core_{core},
      block_{std::move(block)},
      base_{base},
      claim_{claim} {
  core_.world().ledger().add_live(this);
}

SimAllocation::~SimAllocation() {
  Ledger& ledger = core_.world().ledger();
  ledger.remove_live(this);
  if (in_use_->operations != 0)
    ledger.violate(core_.spec().name + " gives up its handle on " + block_->name() + ", which " +
                   std::to_string(in_use_->operations) + " unreached operations use");
  if (claim_ == Claim::attached) block_->detach(&core_);
  if (claim_ != Claim::owns) return;
  core_.fabric().space(space()).bytes_used -= bytes();
  block_->free(core_.spec().name);
}

std::size_t SimMemory::bytes_free() const noexcept {
  const Space& space = core_.space();
  return space.bytes_max - space.bytes_used;
}

Result<std::unique_ptr<Allocation>> SimMemory::allocate(const AllocOp& op) {
  TROIKA_TRY(core_.alive());
  const std::string what =
      "allocate of " + std::to_string(op.bytes) + " bytes on " + core_.spec().name;
  if (op.bytes == 0 || !std::has_single_bit(op.alignment))
    return Status{Code::invalid_argument,
                  what + ": bytes must not be 0, and alignment is a power of two"};
  if (core_.allocation_fails()) return Status{Code::out_of_memory, what + ": planned fault"};
  Space& space = core_.space();
  const std::string free = " (" + std::to_string(bytes_free()) + " bytes free)";
  if (op.bytes > bytes_free()) return Status{Code::out_of_memory, what + free};
  const std::string name =
      space.name + " allocation " + std::to_string(core_.world().ledger().moment());
  std::shared_ptr<Block> block;
  try {
    block =
        std::make_shared<Block>(core_.world(), name, op.bytes, std::max(op.alignment, page_bytes));
  } catch (const std::bad_alloc&) {
    return Status{Code::out_of_memory, what + ": the simulating machine itself has no room"};
  }
  core_.fabric().add_block(space.id, block);
  space.bytes_used += op.bytes;
  return handle_on(core_, space.id, std::move(block), 0, op.bytes, SimAllocation::Claim::owns);
}

Result<std::unique_ptr<Allocation>> SimMemory::attach(const Allocation& same_space) {
  TROIKA_TRY(core_.alive());
  Ledger& ledger = core_.world().ledger();
  if (!ledger.is_live(&same_space) && core_.world().options().foreign_allocations)
    return adopt({same_space.host(), same_space.bytes()});
  if (!ledger.is_live(&same_space)) {
    ledger.violate(core_.spec().name + " attaches to an allocation that does not exist");
    return Status{Code::invalid_argument, "attach: no such allocation in this world"};
  }
  const auto& other = static_cast<const SimAllocation&>(same_space);
  if (other.space() != space())
    return Status{Code::invalid_argument, "attach: " + core_.spec().name + " is in another space"};
  if (&other.core() == &core_ || !other.block()->attach(&core_))
    return Status{Code::invalid_argument,
                  "attach: " + core_.spec().name + " has a handle on it already"};
  return handle_on(core_, space(), other.block(), other.base(), other.bytes(),
                   SimAllocation::Claim::attached);
}

Result<std::unique_ptr<Allocation>> SimMemory::adopt(std::span<std::byte> host) {
  TROIKA_TRY(core_.alive());
  if (space() != host_space && !core_.spec().adopts) return Memory::adopt(host);
  if (host.empty()) return Status{Code::invalid_argument, "adopt: no bytes"};
  auto block = core_.fabric().block_of(host);
  if (block == nullptr)
    return Status{Code::invalid_argument, "adopt: part of these pages is adopted already"};
  const auto base = static_cast<std::size_t>(host.data() - block->data());
  return handle_on(core_, host_space, std::move(block), base, host.size(),
                   SimAllocation::Claim::adopted);
}

}  // namespace troika::sim
