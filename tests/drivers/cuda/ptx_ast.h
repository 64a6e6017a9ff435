// A PTX module as its text says it: functions, variables, instructions with named operands.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cuda_emulator::ptx {

enum class Space : std::uint8_t { none, reg, global, constant, shared, local, param, generic };

struct Type {
  enum class Kind : std::uint8_t { none, bits, unsigned_, signed_, floating, predicate };
  Kind kind = Kind::none;
  std::uint8_t bytes = 0;  // 0 for a predicate
  friend bool operator==(Type, Type) = default;
};

// The type that ".u32" or "u32" names, if it names one that is supported.
std::optional<Type> type_named(std::string_view name);

// A word of an initialiser: bits, or the address of a symbol that is added to them.
struct Initial {
  std::uint64_t bits = 0;
  bool is_double = false;  // bits of an f64: narrowed where the element is an f32
  std::string symbol;      // empty: none
};

struct Variable {
  std::string name;
  Space space = Space::none;
  Type type;
  std::uint32_t alignment = 1;
  std::uint64_t count = 1;  // elements; 0 for an array without a size ("extern .shared x[]")
  std::vector<Initial> initial;
  int line = 0;
  std::uint64_t bytes() const { return count * type.bytes; }
};

struct Operand {
  enum class Kind : std::uint8_t { name, integer, f32, f64, address, list, sink };
  Kind kind = Kind::sink;
  std::string name;               // a name's, or an address's base (empty: absolute)
  std::uint64_t bits = 0;         // a number's
  std::int64_t offset = 0;        // of an address, or of "symbol + 8"
  bool negated = false;           // "!%p1"
  std::string second;             // "%p1|%p2": the name behind the bar
  std::vector<Operand> elements;  // "{a, b}" and "(a, b)"
};

struct Instruction {
  std::string mnemonic;  // as written: "setp.lt.and.s32"
  std::vector<Operand> operands;
  std::string guard;  // the predicate's name; empty: none
  bool guard_negated = false;
  int line = 0;
  int scope = 0;  // index into Function::scopes
};

// The braces of a body: names declared within, and what they lie in.
struct Scope {
  int parent = -1;
  std::map<std::string, Variable, std::less<>> names;      // registers, .local, .shared and .param
  std::map<std::string, std::size_t, std::less<>> labels;  // the instruction behind the label
};

struct Function {
  std::string name;
  bool is_kernel = false;
  bool is_defined = false;
  std::vector<Variable> results, parameters;
  std::vector<Instruction> body;
  std::vector<Scope> scopes;
  std::uint32_t required_threads[3] = {0, 0, 0};  // .reqntid; 0: not said
  std::uint32_t threads_max[3] = {0, 0, 0};       // .maxntid
  int line = 0;
};

struct Module {
  int version = 0;  // 84 for .version 8.4
  std::string target;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

}  // namespace cuda_emulator::ptx
