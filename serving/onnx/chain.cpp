#include "serving/onnx/chain.h"

#include <bit>

namespace troika::onnx {
namespace {

bool is_floating(ElementType type) noexcept {
  return type == ElementType::f32 || type == ElementType::f64;
}

}  // namespace

int Chain::add(Math op, int a, int b) {
  code.push_back({op, a, b});
  return result();
}

int Chain::constant(double value) {
  constants.push_back(value);
  return -static_cast<int>(constants.size());
}

Chain joined(const Chain& first, const Chain& second, int at) {
  Chain result = first;
  result.inputs = first.inputs + second.inputs - 1;
  const int added = second.inputs - 1;
  for (Instruction& i : result.code)
    for (int* operand : {&i.a, &i.b})
      if (*operand >= first.inputs) *operand += added;
  const int middle = result.result();
  const int code = static_cast<int>(first.code.size());
  const int constants = static_cast<int>(first.constants.size());
  const auto moved = [&](int operand) {
    if (operand < 0) return operand - constants;
    if (operand == at) return middle;
    if (operand < second.inputs) return first.inputs + operand - (operand > at ? 1 : 0);
    return operand - second.inputs + result.inputs + code;
  };
  for (const Instruction& i : second.code) result.code.push_back({i.op, moved(i.a), moved(i.b)});
  result.constants.insert(result.constants.end(), second.constants.begin(), second.constants.end());
  return result;
}

Chain renumbered(Chain chain, const std::vector<int>& to, int inputs) {
  for (Instruction& i : chain.code)
    for (int* operand : {&i.a, &i.b}) {
      if (*operand >= chain.inputs) *operand += inputs - chain.inputs;
      else if (*operand >= 0) *operand = to[static_cast<std::size_t>(*operand)];
    }
  chain.inputs = inputs;
  return chain;
}

void encode(const Chain& chain, ElementType type, std::vector<std::int64_t>& params) {
  params.push_back(static_cast<std::int64_t>(chain.code.size()));
  params.push_back(static_cast<std::int64_t>(chain.constants.size()));
  for (const double value : chain.constants)
    params.push_back(is_floating(type) ? std::bit_cast<std::int64_t>(value)
                                       : static_cast<std::int64_t>(value));
  for (const Instruction& i : chain.code)
    params.insert(params.end(), {static_cast<std::int64_t>(i.op), i.a, i.b});
}

}  // namespace troika::onnx
