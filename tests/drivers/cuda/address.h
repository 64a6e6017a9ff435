// From an instruction's address to the bytes it means.
#pragma once

#include "tests/drivers/cuda/grid.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {

// The bytes at an address of the instruction's space, for one lane. Throws Fault.
inline std::byte* bytes_at(Warp& warp, const Instruction& i, int lane, std::uint64_t address,
                           std::uint32_t bytes, Access access) {
  ptx::Space space = i.space;
  if ((address & (bytes - 1)) != 0) {
    throw Fault{CUDA_ERROR_MISALIGNED_ADDRESS, "address " + std::to_string(address) + " for " +
                                                   std::to_string(bytes) + " bytes, " +
                                                   warp.where(lane)};
  }
  if (space == ptx::Space::generic) {
    switch (address & window_mask) {
      case shared_window: space = ptx::Space::shared, address &= ~window_mask; break;
      case local_window: space = ptx::Space::local, address &= ~window_mask; break;
      case param_window: space = ptx::Space::param, address &= ~window_mask; break;
      default: space = ptx::Space::global;
    }
  }
  switch (space) {
    case ptx::Space::shared: return warp.block().shared(address, bytes);
    case ptx::Space::local: return warp.local(lane, address, bytes);
    case ptx::Space::param: return warp.block().parameter(address, bytes);
    default:
      return warp.block().memory().at(address, bytes, access, static_cast<std::uint32_t>(i.line));
  }
}

// What lane's address the instruction's address operand, from[0], and offset make.
inline std::uint64_t address_of(Warp& warp, const Instruction& i, int lane) {
  const std::uint64_t base = i.narrow_address ? warp.lanes<std::uint32_t>(i.from[0])[lane]
                                              : warp.lanes<std::uint64_t>(i.from[0])[lane];
  return base + static_cast<std::uint64_t>(i.offset) + (i.in_frame ? warp.frame().locals : 0);
}

// Runs f, and says of a fault which thread made it: the lane that f was at.
template <class F>
void naming_thread(Warp& warp, const int& lane, F&& f) {
  try {
    f();
  } catch (Fault& fault) {
    if (fault.what.find("thread (") == std::string::npos) fault.what += ", " + warp.where(lane);
    throw;
  }
}

}  // namespace cuda_emulator
