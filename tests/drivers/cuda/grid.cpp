#include "tests/drivers/cuda/grid.h"

#include <algorithm>
#include <deque>

namespace cuda_emulator {
namespace {

constexpr std::uint64_t turn = 4096;  // instructions of a warp, before others get theirs

}  // namespace

Block::Block(const Launch& launch, MemoryView& memory, Extent position)
    : launch_(launch),
      memory_(memory),
      position_(position),
      threads_(launch.block[0] * launch.block[1] * launch.block[2]),
      shared_(launch.kernel->shared_bytes + launch.dynamic_shared, std::byte{0xCB}) {
  for (std::uint32_t first = 0; first < threads_; first += warp_size) {
    const std::uint32_t count = std::min<std::uint32_t>(threads_ - first, warp_size);
    const Mask lanes = count == warp_size ? ~Mask{0} : (Mask{1} << count) - 1;
    warps_.push_back(std::make_unique<Warp>(*this, first / warp_size, lanes));
  }
}

std::uint64_t Block::run(std::uint64_t slice, std::minstd_rand* random) {
  std::vector<Warp*> order;
  for (const auto& warp : warps_) {
    if (!warp->is_over()) order.push_back(warp.get());
  }
  if (order.empty()) return 0;
  if (random != nullptr) std::shuffle(order.begin(), order.end(), *random);
  std::uint64_t executed = 0;
  for (Warp* const warp : order) {
    const std::uint64_t part = random != nullptr ? 1 + (*random)() % slice : slice;
    if (warp->can_run()) executed += warp->run(part);
  }
  if (executed == 0) {
    Warp& stuck = *order.front();
    throw Fault{CUDA_ERROR_LAUNCH_FAILED, "threads wait for others that never come: " +
                                              stuck.where(std::countr_zero(stuck.alive()))};
  }
  return executed;
}

std::byte* Block::shared(std::uint64_t address, std::uint32_t bytes) {
  if (bytes > shared_.size() || address > shared_.size() - bytes) {
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "shared address " + std::to_string(address) +
                                                " of a block that has " +
                                                std::to_string(shared_.size()) + " bytes"};
  }
  return shared_.data() + address;
}

std::byte* Block::parameter(std::uint64_t address, std::uint32_t bytes) {
  auto& all = const_cast<std::vector<std::byte>&>(launch_.parameters);
  if (bytes > all.size() || address > all.size() - bytes) {
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "beyond the kernel's parameters"};
  }
  return all.data() + address;
}

std::uint32_t Block::alive() const {
  std::uint32_t count = 0;
  for (const auto& warp : warps_) count += static_cast<std::uint32_t>(std::popcount(warp->alive()));
  return count;
}

void Block::arrive(std::uint32_t barrier, std::uint32_t count, Arrivals arriving) {
  if (barrier >= barriers_.size())
    throw Fault{CUDA_ERROR_ILLEGAL_INSTRUCTION, "a barrier beyond the sixteenth"};
  Barrier& one = barriers_[barrier];
  if (one.arrived.threads > 0 && one.expected != count) {
    throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                "threads come to barrier " + std::to_string(barrier) + " with different counts"};
  }
  one.expected = count;
  one.arrived.threads += arriving.threads;
  one.arrived.holding += arriving.holding;
  release_if_complete(barrier);
}

void Block::note_exit() {
  for (std::uint32_t barrier = 0; barrier < barriers_.size(); ++barrier) {
    if (barriers_[barrier].arrived.threads > 0) release_if_complete(barrier);
  }
}

void Block::release_if_complete(std::uint32_t barrier) {
  Barrier& one = barriers_[barrier];
  if (one.arrived.threads < (one.expected != 0 ? one.expected : alive())) return;
  const Arrivals all = one.arrived;
  one = {};
  for (const auto& warp : warps_) warp->release(barrier, all);
}

std::uint64_t execute(const Launch& launch, MemoryView& memory) {
  std::minstd_rand generator(static_cast<std::minstd_rand::result_type>(launch.seed));
  std::minstd_rand* const random = launch.seed != 0 ? &generator : nullptr;
  const std::uint64_t count = std::uint64_t{launch.grid[0]} * launch.grid[1] * launch.grid[2];
  // A cooperative launch's blocks are all there at once.
  const std::uint64_t resident_max = launch.cooperative ? count : 1;
  std::deque<std::unique_ptr<Block>> resident;
  std::uint64_t next = 0, executed = 0;
  while (next < count || !resident.empty()) {
    while (next < count && resident.size() < resident_max) {
      const auto at = next++;
      const auto x = static_cast<std::uint32_t>(at % launch.grid[0]);
      const auto y = static_cast<std::uint32_t>(at / launch.grid[0] % launch.grid[1]);
      const auto z = static_cast<std::uint32_t>(at / launch.grid[0] / launch.grid[1]);
      resident.push_back(std::make_unique<Block>(launch, memory, Extent{x, y, z}));
    }
    std::unique_ptr<Block> block = std::move(resident.front());
    resident.pop_front();
    const std::uint64_t did = block->run(turn, random);
    executed += did;
    if (did != 0) {
      if (launch.cooperative) resident.push_back(std::move(block));
      else resident.push_front(std::move(block));
    }
    if (launch.instructions_max != 0 && executed > launch.instructions_max) {
      throw Fault{CUDA_ERROR_LAUNCH_TIMEOUT, "the watchdog's limit of " +
                                                 std::to_string(launch.instructions_max) +
                                                 " thread-instructions"};
    }
    if (launch.given_up != nullptr && *launch.given_up)
      throw Fault{CUDA_ERROR_DEINITIALIZED, "the process ends"};
  }
  return executed;
}

}  // namespace cuda_emulator
