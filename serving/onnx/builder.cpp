#include <cstring>

#include "serving/onnx/context.h"
#include "serving/onnx/kernels/conv.h"

namespace troika::onnx {
namespace {

bool is_scalar(const Array& array) { return array.size() == 1; }

// Inputs that are one constant number become a constant of the chain.
void absorb_scalars(ProgramBuilder& builder, Chain& chain, std::vector<Array>& inputs) {
  for (std::size_t i = inputs.size(); i-- > 0 && inputs.size() > 1;) {
    if (!is_scalar(inputs[i]) || !builder.is_constant(inputs[i])) continue;
    const Tensor wide = builder.value_of(builder.cast(inputs[i], ElementType::f64, "constant"));
    const double value = wide.as<double>()[0];
    if (std::abs(value) > 9e15 && inputs[i].type == ElementType::i64) continue;
    const int constant = chain.constant(value);
    for (Instruction& instruction : chain.code)
      for (int* operand : {&instruction.a, &instruction.b}) {
        if (*operand == static_cast<int>(i)) *operand = constant;
        else if (*operand > static_cast<int>(i)) *operand -= 1;
      }
    chain.inputs -= 1;
    inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// The input whose order of dimensions the result takes: the first that is as large.
const Array* model_of(const std::vector<Array>& inputs, const Dims& dims) {
  for (const Array& input : inputs)
    if (input.dims == dims && is_dense(input)) return &input;
  return nullptr;
}

ElementType kernel_type_of(ElementType type) {
  return type == ElementType::boolean ? ElementType::u8 : type;
}

}  // namespace

Array ProgramBuilder::storage(Storage::Kind kind, std::size_t port, ElementType type,
                              const Dims& dims) {
  const auto elements = elements_of(dims, size_of(type), limits_.tensor_bytes_max);
  Array array{type, dims, row_major_strides(dims), 0,
              static_cast<std::uint32_t>(program_.storages.size())};
  program_.storages.push_back(
      {kind, static_cast<std::size_t>(elements) * size_of(type), port, nullptr});
  return array;
}

Array ProgramBuilder::constant(const Tensor& tensor) {
  const Array array = storage(Storage::Kind::constant, 0, tensor.type, tensor.dims);
  program_.storages.back().data = tensor.data;
  return array;
}

Array ProgramBuilder::allocate(ElementType type, const Dims& dims, const Array* like) {
  Array array = storage(Storage::Kind::scratch, 0, type, dims);
  if (like != nullptr) array.strides = strides_in_order(dims, order_of(*like));
  return array;
}

void ProgramBuilder::emit(Step step) {
  if (step.write.empty()) return;
  bool constant = true;
  for (const Array& array : step.reads) constant = constant && is_constant(array);
  if (constant) fold(step);
  else program_.steps.push_back(std::move(step));
}

void ProgramBuilder::fold(const Step& step) {
  Storage& to = program_.storages[step.write.storage];
  if (to.kind == Storage::Kind::scratch) {
    constant_bytes_ += to.bytes;
    if (constant_bytes_ > limits_.constant_bytes_max)
      refuse(Code::exhausted, "constants computed beforehand take more than " +
                                  std::to_string(limits_.constant_bytes_max) + " bytes");
    to.data = make_tensor(ElementType::u8, {static_cast<std::int64_t>(to.bytes)}).data;
    to.kind = Storage::Kind::constant;
  }
  constant_flops_ += step.flops + static_cast<double>(step.write.size());
  if (constant_flops_ > limits_.constant_flops_max)
    refuse(Code::exhausted, "constants take too long to compute beforehand");
  run_now(step, program_.storages);
}

Tensor ProgramBuilder::value_of(const Array& array) {
  const Array from = row_major(array, "constant");
  Tensor value = make_tensor(array.type, array.dims);
  std::memcpy(value.data.get(),
              program_.storages[from.storage].data.get() +
                  from.offset * static_cast<std::int64_t>(size_of(from.type)),
              value.bytes());
  return value;
}

Array ProgramBuilder::copy(const Array& from, const std::string& node, const Array* into) {
  const Array to = into != nullptr ? *into : allocate(from.type, from.dims);
  Step step;
  step.what = PlainStep{"onnx.copy." + std::string{troika::name_of(width_of(from.type))},
                        from.empty() ? std::vector<std::int64_t>{}
                                     : grid_of(std::array<const Array*, 2>{&to, &from})};
  step.reads = {from};
  step.write = to;
  step.node = node;
  emit(std::move(step));
  return to;
}

Array ProgramBuilder::row_major(const Array& array, const std::string& node) {
  return array.empty() || is_row_major(array) ? array : copy(array, node);
}

Array ProgramBuilder::elementwise(const Chain& given, std::vector<Array> inputs,
                                  const std::string& node) {
  Chain chain = given;
  absorb_scalars(*this, chain, inputs);
  Dims dims;
  for (const Array& input : inputs) dims = broadcast_of(dims, input.dims);
  const ElementType type = inputs.front().type;
  for (Array& input : inputs) input = broadcast(input, dims);
  const Array out = allocate(type, dims, model_of(inputs, dims));
  Step step;
  step.flops = static_cast<double>(elements_of(dims)) * static_cast<double>(chain.code.size());
  step.what = ElementwiseStep{std::move(chain)};
  step.reads = std::move(inputs);
  step.write = out;
  step.node = node;
  emit(std::move(step));
  return out;
}

Array ProgramBuilder::cast(const Array& array, ElementType to, const std::string& node) {
  if (array.type == to) return array;
  const std::string name =
      "onnx.cast." + std::string{name_of(array.type)} + "." + std::string{name_of(to)};
  if (!all_kernels().contains(name))
    refuse(Code::unsupported, "a cast from " + std::string{name_of(array.type)} + " to " +
                                  std::string{name_of(to)} + " is not there");
  const Array out = allocate(to, array.dims, is_dense(array) ? &array : nullptr);
  Step step;
  step.what = PlainStep{name, array.empty() ? std::vector<std::int64_t>{}
                                            : grid_of(std::array<const Array*, 2>{&out, &array})};
  step.reads = {array};
  step.write = out;
  step.node = node;
  emit(std::move(step));
  return out;
}

KernelCall call_of(const Step& step) {
  struct Visitor {
    const Step& step;
    KernelCall operator()(const PlainStep& plain) const {
      return {&kernel(plain.kernel), plain.params, step.write.size()};
    }
    KernelCall operator()(const ElementwiseStep& what) const {
      const ElementType type = kernel_type_of(step.write.type);
      std::vector<const Array*> arrays{&step.write};
      for (const Array& input : step.reads) arrays.push_back(&input);
      KernelCall call{&kernel("onnx.elementwise" + std::to_string(step.reads.size()) + "." +
                              std::string{name_of(type)}),
                      grid_of(arrays), step.write.size()};
      encode(what.chain, type, call.params);
      return call;
    }
    KernelCall operator()(const ConvStep& what) const { return onnx::call_of(what, step); }
    KernelCall operator()(const MatMulStep& what) const { return onnx::call_of(what, step); }
  };
  return std::visit(Visitor{step}, step.what);
}

}  // namespace troika::onnx
