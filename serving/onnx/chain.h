// A chain of element-wise operations: straight-line code that is run for every element.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "serving/onnx/type.h"

namespace troika::onnx {

enum class Math : std::uint8_t {
  add,
  sub,
  mul,
  div,
  pow,
  min,
  max,
  mod,
  fmod,
  bit_and,
  bit_or,
  bit_xor,  // of two operands
  neg,
  abs,
  sqrt,
  exp,
  log,
  floor,
  ceil,
  round,
  sign,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  tanh,
  sigmoid,
  erf,
  logical_not
};
constexpr bool is_binary(Math op) noexcept { return op <= Math::bit_xor; }

// An operand is an input (0 to inputs - 1), the result of instruction i (inputs + i), or constant c
// (-1 - c). The last instruction's result is the chain's.
struct Instruction {
  Math op;
  int a, b = 0;
};

struct Chain {
  int inputs = 0;
  std::vector<double> constants;
  std::vector<Instruction> code;

  static constexpr int inputs_max = 4;
  static constexpr std::size_t code_max = 24;

  // Append an instruction and return its operand.
  int add(Math op, int a, int b = 0);
  int constant(double value);
  int result() const noexcept { return inputs + static_cast<int>(code.size()) - 1; }
};

// `second` with its input `at` replaced by the result of `first`; the inputs are first's, then the
// rest of second's.
Chain joined(const Chain& first, const Chain& second, int at);
// The same with inputs renumbered: input i becomes to[i], of `inputs`.
Chain renumbered(Chain chain, const std::vector<int>& to, int inputs);

// As numbers for kernels: instructions, constants, the constants' bits (of a double for floating
// types, else the integer), then three numbers an instruction.
void encode(const Chain& chain, ElementType type, std::vector<std::int64_t>& params);

}  // namespace troika::onnx
