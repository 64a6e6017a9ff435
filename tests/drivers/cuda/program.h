// A decoded PTX module: what the interpreter executes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/drivers/cuda/ptx_ast.h"

namespace cuda_emulator {

class Warp;
struct Instruction;

inline constexpr int warp_size = 32;
using Mask = std::uint32_t;  // one bit a lane

// Executes an instruction for the lanes of the mask. Throws Fault.
using Handler = void (*)(Warp&, const Instruction&, Mask);

// Where 32 lanes of a value lie. Registers have 32 places of their own width each; a predicate is
// one Mask.
struct Slot {
  enum class Bank : std::uint8_t { frame, constants, specials };
  std::uint32_t offset = 0;  // in bytes, within the bank
  Bank bank = Bank::frame;
};

// What the warp does about an instruction, beside or instead of calling its handler.
enum class Control : std::uint8_t {
  none,
  converge,  // the handler needs all lanes of the member mask, from[0], at once
  branch,
  branch_indexed,
  call,
  call_builtin,
  ret,
  exit,
  barrier,
};

// A barrier's Instruction::detail.
enum class BarrierKind : std::uint8_t { sync, arrive, count, all, any };

struct Instruction {
  Handler handler = nullptr;
  Control control = Control::none;
  ptx::Space space = ptx::Space::none;
  std::uint8_t elements = 1;  // of a vector
  bool guarded = false;
  bool guard_negated = false;
  bool has_second = false;  // writes a predicate, to[1], too; of an atomic: keeps what was there
  bool narrow_address = false;    // the address lies in a 32-bit register
  bool in_frame = false;          // the address is relative to the frame's locals
  std::uint8_t negated_from = 0;  // bit i: predicate from[i] is negated
  std::uint8_t detail = 0;        // what the handler's family says
  std::uint32_t table = 0;        // a lop3's truth table, a call's index, a prmt's mode
  std::uint32_t target = 0;       // instruction branched to
  std::int32_t line = 0;
  std::int64_t offset = 0;  // added to an address
  Slot guard;
  std::array<Slot, 4> to;
  std::array<Slot, 6> from;
};

// One argument or result of a call: bytes of the caller's locals, and of the callee's.
struct Passed {
  std::uint32_t caller = 0, callee = 0, bytes = 0;
};

struct Call {
  std::uint32_t function = 0;  // index into Program::functions
  std::vector<Passed> arguments, results;
};

struct Parameter {
  std::uint32_t offset = 0, bytes = 0;
};

struct Function {
  std::string name;
  bool is_kernel = false;
  std::uint32_t begin = 0, end = 0;  // in Program::code
  std::uint32_t frame_bytes = 0;     // of registers
  std::uint32_t locals_bytes = 0;    // a thread's .local variables and .param blocks
  std::uint32_t stack_bytes = 0;     // with the deepest calls below it; recursion counted once
  bool recursive = false;
  std::vector<Parameter>
      parameters;  // a kernel's in its parameter block, a function's in its locals
  std::vector<Parameter> results;
  std::uint32_t parameter_bytes = 0;
  std::uint32_t shared_bytes = 0;  // static
  std::uint32_t registers = 0;     // 32-bit ones that it declares; no allocator has seen them
  std::uint32_t required_threads[3] = {0, 0, 0};
  std::uint32_t threads_max = 1024;
};

// A variable in device memory that the loader allocates; the code holds its address already.
struct GlobalVariable {
  std::string name;
  std::uint64_t address = 0, bytes = 0;
  bool is_constant = false;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Function> functions;
  std::vector<Call> calls;
  std::vector<std::vector<std::uint32_t>> jump_tables;
  std::vector<std::byte> constants;  // lanes of immediates
  std::map<std::string, GlobalVariable, std::less<>> variables;
  const Function* kernel(std::string_view name) const {
    for (const Function& function : functions) {
      if (function.is_kernel && function.name == name) return &function;
    }
    return nullptr;
  }
};

}  // namespace cuda_emulator
