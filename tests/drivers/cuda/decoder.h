// One function's instructions: names to slots, mnemonics to handlers.
#pragma once

#include <set>

#include "tests/drivers/cuda/decode.h"
#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/memory_forms.h"
#include "tests/drivers/cuda/ptx_lexer.h"

namespace cuda_emulator {

// Where a module's variables lie.
struct Symbols {
  std::map<std::string, std::uint64_t, std::less<>> globals;  // addresses
  std::map<std::string, std::uint32_t, std::less<>> shared;   // offsets, as this function sees them
  std::map<std::string, std::uint32_t, std::less<>> functions;  // indices into Program::functions
};

// Immediates of a module, each spread over the lanes once.
class Constants {
 public:
  Slot add(std::uint64_t bits, std::uint8_t bytes);
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
  std::map<std::pair<std::uint64_t, std::uint8_t>, Slot> known_;
};

class Decoder {
 public:
  Decoder(const ptx::Function& source, const Symbols& symbols, Program& program,
          Constants& constants);

  // Appends the function's code, and fills in what Function says of it.
  void run(Function& function);

 private:
  struct Register {
    Slot slot;
    std::uint8_t bytes = 0;  // 0: a predicate
  };
  struct Local {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
    bool is_parameter_block = false;  // of the kernel
  };

  // decode_names.cpp
  void lay_out(Function& function);
  void lay_out_parameters(Function& function);
  std::uint32_t add_local(const std::string& key, const ptx::Variable& variable);
  template <class T>
  const T* find(const std::map<std::string, T, std::less<>>& in, std::string_view name) const;
  Slot source(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width = nullptr);
  Slot destination(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width = nullptr);
  Slot named_source(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width);
  Slot predicate(const std::string& name);
  Slot immediate(const ptx::Operand& operand, ptx::Type type);
  std::optional<std::uint64_t> address_of(std::string_view name) const;
  void address(Instruction& to, const ptx::Operand& operand);
  std::uint32_t label(std::string_view name) const;

  // decode_instructions.cpp
  Instruction instruction();
  bool control(Instruction& to);
  bool moves(Instruction& to);
  bool memory(Instruction& to);
  bool barrier(Instruction& to);
  bool address_space(Instruction& to);
  void registers(Instruction& to);
  void call(Instruction& to);
  void branch_indexed(Instruction& to);
  void want(std::size_t operands) const;
  [[noreturn]] void fail(const std::string& what) const;

  const ptx::Function& source_;
  const Symbols& symbols_;
  Program& program_;
  Constants& constants_;
  const ptx::Instruction* here_ = nullptr;
  std::uint32_t begin_;
  std::uint32_t frame_bytes_ = 0, locals_bytes_ = 0, registers_count_ = 0;
  // Keys are "scope:name".
  std::map<std::string, Register, std::less<>> registers_;
  std::map<std::string, Local, std::less<>> locals_;
};

}  // namespace cuda_emulator
