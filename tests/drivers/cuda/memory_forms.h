// Handlers of instructions that touch memory.
#pragma once

#include "tests/drivers/cuda/forms.h"

namespace cuda_emulator {

enum class MemoryOp : std::uint8_t { load, store, atomic, reduce };

struct MemoryForm {
  MemoryOp op = MemoryOp::load;
  ptx::Space space = ptx::Space::generic;
  ptx::Type type;
  std::uint8_t elements = 1;
  std::string_view operation;  // of an atomic: "add", "cas", …
};

// None for a mnemonic that is no load, store or atomic, or one that is not known.
std::optional<MemoryForm> memory_form(std::string_view mnemonic);

// A load or store of `type` from or to registers of this width. Null: there is none.
Handler access_handler(const MemoryForm& form, std::uint8_t register_bytes);
Handler atomic_handler(const MemoryForm& form);

}  // namespace cuda_emulator
