// The instruction set that is emulated: the mnemonics that isa.txt lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cuda_emulator {

// The text of isa.txt.
std::string isa_text();

// Whether a line of isa.txt allows the mnemonic, all of it: "add.{s32,u32}", "shr{,.sat}.b32".
bool is_whitelisted(std::string_view mnemonic);

// Every mnemonic that isa.txt allows.
std::vector<std::string> whole_isa();

}  // namespace cuda_emulator
