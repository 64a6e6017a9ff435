// Functions that the driver supplies to kernels: vprintf and __assertfail.
#pragma once

#include <optional>
#include <string_view>

#include "tests/drivers/cuda/warp.h"

namespace cuda_emulator {

// Its number, kept in Instruction::detail; none for a name that the driver does not supply.
std::optional<std::uint8_t> builtin_named(std::string_view name);

void call_builtin(Warp& warp, const Instruction& instruction, Mask mask);

}  // namespace cuda_emulator
