// The read-only registers of a thread: where they lie in a warp's bank of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/drivers/cuda/program.h"

namespace cuda_emulator {

enum class Special : std::uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  nwarpid,
  smid,
  nsmid,
  lanemask_eq,
  lanemask_lt,
  lanemask_le,
  lanemask_gt,
  lanemask_ge,
  dynamic_smem_size,
  total_smem_size,
  gridid,
  clock,
  clock64,
  globaltimer,
  count
};

struct SpecialRegister {
  Special which;
  std::uint8_t bytes;  // 4 or 8
};

// "%tid.x"; none for a name that is no special register, or not a supported one.
std::optional<SpecialRegister> special_named(std::string_view name);

// Every one has room for 32 lanes of 8 bytes.
constexpr std::uint32_t special_offset(Special which) {
  return static_cast<std::uint32_t>(which) * warp_size * 8;
}
inline constexpr std::uint32_t specials_bytes = special_offset(Special::count);

}  // namespace cuda_emulator
