// From a PTX module to a program.
#pragma once

#include <functional>

#include "tests/drivers/cuda/program.h"
#include "tests/drivers/cuda/ptx_ast.h"

namespace cuda_emulator {

// The first bytes of a variable in device memory.
struct Image {
  std::uint64_t address = 0;
  std::vector<std::byte> bytes;
};

struct Decoded {
  Program program;
  std::vector<Image> images;
};

// `place` gives a variable of .global or .const its address. Throws PtxError.
Decoded decode(const ptx::Module& module,
               const std::function<std::uint64_t(const ptx::Variable&)>& place);

}  // namespace cuda_emulator
