#include "serving/onnx/absorb.h"

#include <algorithm>
#include <cstring>

namespace troika::onnx {
namespace {

// The other operand of a sum, difference, product or quotient of x, by channel.
struct PerChannel {
  std::size_t instruction;
  Math op;
  std::vector<float> values;
};

float* floats_of(const Program& program, const Array& array) {
  return reinterpret_cast<float*>(program.storages[array.storage].data.get()) + array.offset;
}

bool is_constant(const Program& program, const Array& array) {
  return program.storages[array.storage].kind == Storage::Kind::constant;
}

bool varies_by_channel_only(const Array& array) {
  for (std::size_t d = 0; d < array.rank(); ++d)
    if (d != 1 && array.dims[d] != 1 && array.strides[d] != 0) return false;
  return true;
}

// The one instruction that uses operand x; none when there are more.
std::optional<std::size_t> sole_use(const Chain& chain, int x) {
  std::optional<std::size_t> use;
  for (std::size_t i = 0; i < chain.code.size(); ++i) {
    const Instruction& instruction = chain.code[i];
    const bool first = instruction.a == x, second = is_binary(instruction.op) && instruction.b == x;
    if (!first && !second) continue;
    if (use || (first && second)) return std::nullopt;
    use = i;
  }
  return use;
}

std::optional<std::vector<float>> channel_values(const Program& program, const Step& after,
                                                 const Chain& chain, int operand) {
  const auto channels = static_cast<std::size_t>(after.write.dims[1]);
  if (operand < 0)
    return std::vector<float>(
        channels, static_cast<float>(chain.constants[static_cast<std::size_t>(-1 - operand)]));
  if (operand >= chain.inputs) return std::nullopt;
  const Array& array = after.reads[static_cast<std::size_t>(operand)];
  if (!is_constant(program, array) || !varies_by_channel_only(array)) return std::nullopt;
  std::vector<float> values(channels);
  for (std::size_t c = 0; c < channels; ++c)
    values[c] = floats_of(program, array)[static_cast<std::int64_t>(c) * array.strides[1]];
  return values;
}

std::optional<PerChannel> next_affine(const Program& program, const Step& after, int x) {
  const Chain& chain = std::get<ElementwiseStep>(after.what).chain;
  const auto use = sole_use(chain, x);
  if (!use) return std::nullopt;
  const Instruction& instruction = chain.code[*use];
  const bool commutes = instruction.op == Math::add || instruction.op == Math::mul;
  const bool ordered = instruction.op == Math::sub || instruction.op == Math::div;
  if (!(commutes || (ordered && instruction.a == x))) return std::nullopt;
  const auto values =
      channel_values(program, after, chain, instruction.a == x ? instruction.b : instruction.a);
  if (!values) return std::nullopt;
  return PerChannel{*use, instruction.op, *values};
}

// The instruction's result is its operand x itself from now on.
void erase_instruction(Chain& chain, std::size_t at, int x) {
  const int erased = chain.inputs + static_cast<int>(at);
  chain.code.erase(chain.code.begin() + static_cast<std::ptrdiff_t>(at));
  for (Instruction& instruction : chain.code)
    for (int* operand : {&instruction.a, &instruction.b}) {
      if (*operand == erased) *operand = x;
      else if (*operand > erased) *operand -= 1;
    }
}

// Inputs of the step that no instruction uses.
void drop_inputs(Step& step) {
  Chain& chain = std::get<ElementwiseStep>(step.what).chain;
  std::vector<Array> kept;
  std::vector<int> to;
  for (std::size_t i = 0; i < step.reads.size(); ++i) {
    const auto uses = [&](const Instruction& instruction) {
      return instruction.a == static_cast<int>(i) ||
             (is_binary(instruction.op) && instruction.b == static_cast<int>(i));
    };
    to.push_back(static_cast<int>(kept.size()));
    if (std::ranges::any_of(chain.code, uses)) kept.push_back(step.reads[i]);
  }
  if (kept.empty()) return;
  chain = renumbered(std::move(chain), to, static_cast<int>(kept.size()));
  step.reads = std::move(kept);
}

Array new_constant(Program& program, const Array& like) {
  Array array{like.type, like.dims, row_major_strides(like.dims), 0,
              static_cast<std::uint32_t>(program.storages.size())};
  const Tensor tensor = make_tensor(like.type, like.dims);
  program.storages.push_back({Storage::Kind::constant, tensor.bytes(), 0, tensor.data});
  return array;
}

// Weights of output channel c times factors[c].
Array scaled_weights(Program& program, const ConvShape& shape, const Array& weights,
                     const std::vector<float>& factors) {
  const Array made = new_constant(program, weights);
  const float* const from = floats_of(program, weights);
  float* const to = floats_of(program, made);
  const std::int64_t inner = weights.size() / weights.dims[0];
  const std::int64_t window = inner / weights.dims[1];
  for (std::int64_t first = 0; first < weights.dims[0]; ++first)
    for (std::int64_t second = 0; second < weights.dims[1]; ++second) {
      const std::int64_t channel =
          shape.transposed ? first / (weights.dims[0] / shape.groups) * weights.dims[1] + second
                           : first;
      for (std::int64_t i = 0; i < window; ++i) {
        const std::int64_t at = first * inner + second * window + i;
        to[at] = from[at] * factors[static_cast<std::size_t>(channel)];
      }
    }
  return made;
}

Array changed_bias(Program& program, const Array& bias, const PerChannel& affine) {
  const Array made = new_constant(program, bias);
  const float* const from = floats_of(program, bias);
  float* const to = floats_of(program, made);
  for (std::size_t c = 0; c < affine.values.size(); ++c) {
    const float old = from[static_cast<std::int64_t>(c) * bias.strides[0]], v = affine.values[c];
    switch (affine.op) {
      case Math::add: to[c] = old + v; break;
      case Math::sub: to[c] = old - v; break;
      case Math::mul: to[c] = old * v; break;
      default: to[c] = old / v; break;
    }
  }
  return made;
}

void absorb_affine(Program& program, Step& product, Step& after, int x) {
  const auto* const conv = std::get_if<ConvStep>(&product.what);
  if (conv == nullptr || !is_constant(program, product.reads[1]) ||
      !is_constant(program, product.reads[2]) || !is_row_major(product.reads[1]))
    return;
  Chain& chain = std::get<ElementwiseStep>(after.what).chain;
  while (const auto affine = next_affine(program, after, x)) {
    std::vector<float> factors = affine->values;
    if (affine->op == Math::div)
      for (float& factor : factors) factor = 1 / factor;
    if (affine->op == Math::mul || affine->op == Math::div)
      product.reads[1] = scaled_weights(program, conv->shape, product.reads[1], factors);
    product.reads[2] = changed_bias(program, product.reads[2], *affine);
    erase_instruction(chain, affine->instruction, x);
  }
}

// A matrix product takes one constant addend.
void absorb_addend(Program& program, Step& product, Step& after, int x) {
  if (!std::holds_alternative<MatMulStep>(product.what) || product.reads.size() != 2) return;
  Chain& chain = std::get<ElementwiseStep>(after.what).chain;
  const auto use = sole_use(chain, x);
  if (!use || chain.code[*use].op != Math::add) return;
  const int other = chain.code[*use].a == x ? chain.code[*use].b : chain.code[*use].a;
  if (other < 0 || other >= chain.inputs) return;
  Array addend = after.reads[static_cast<std::size_t>(other)];
  if (!is_constant(program, addend)) return;
  // What is repeated along a dimension has one element there.
  for (std::size_t d = 0; d < addend.rank(); ++d)
    if (addend.strides[d] == 0) addend.dims[d] = 1;
  if (!is_row_major(addend)) return;
  addend.strides = row_major_strides(addend.dims);
  product.reads.push_back(addend);
  erase_instruction(chain, *use, x);
}

}  // namespace

bool absorb(Program& program, Step& product, Step& after, std::size_t at) {
  auto* const conv = std::get_if<ConvStep>(&product.what);
  auto* const matmul = std::get_if<MatMulStep>(&product.what);
  if (conv == nullptr && matmul == nullptr) return false;
  Chain& epilogue = conv != nullptr ? conv->epilogue : matmul->epilogue;
  const int x = static_cast<int>(at);
  absorb_affine(program, product, after, x);
  absorb_addend(program, product, after, x);
  Chain& chain = std::get<ElementwiseStep>(after.what).chain;
  if (chain.code.empty()) {
    product.write = after.write;
    return true;
  }
  drop_inputs(after);
  if (after.reads.size() != 1) return false;
  epilogue = chain;
  product.write = after.write;
  product.flops += after.flops;
  return true;
}

}  // namespace troika::onnx
