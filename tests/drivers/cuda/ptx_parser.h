// PTX tokens to a module. What an instruction means is the decoder's to say.
#pragma once

#include <string_view>

#include "tests/drivers/cuda/ptx_ast.h"

namespace cuda_emulator::ptx {

// Throws PtxError.
Module parse(std::string_view text);

}  // namespace cuda_emulator::ptx
