#include "serving/onnx/context.h"

namespace troika::onnx {

Context::Context(const Node& node, ProgramBuilder& builder,
                 std::vector<std::optional<Array>> inputs)
    : node_{node},
      builder_{builder},
      inputs_{std::move(inputs)},
      outputs_(node.outputs.size()),
      title_{node.title()} {}

const Array& Context::in(std::size_t i) const {
  if (!has(i)) refuse(Code::invalid_argument, "input " + std::to_string(i) + " is missing");
  return *inputs_[i];
}

void Context::out(std::size_t i, const Array& array) {
  if (i < outputs_.size()) outputs_[i] = array;
}

const Attribute* Context::attribute(std::string_view name) const {
  const auto found = node_.attributes.find(name);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

template <class T>
const T* Context::as(std::string_view name) const {
  const Attribute* const given = attribute(name);
  if (given == nullptr) return nullptr;
  const T* const value = std::get_if<T>(given);
  if (value == nullptr)
    refuse(Code::invalid_argument, "attribute '" + std::string{name} + "' is of another kind");
  return value;
}

std::int64_t Context::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* const value = as<std::int64_t>(name);
  return value ? *value : otherwise;
}
float Context::real(std::string_view name, float otherwise) const {
  const auto* const value = as<float>(name);
  return value ? *value : otherwise;
}
std::string Context::text(std::string_view name, std::string_view otherwise) const {
  const auto* const value = as<std::string>(name);
  return value ? *value : std::string{otherwise};
}
std::vector<std::int64_t> Context::integers(std::string_view name) const {
  const auto* const value = as<std::vector<std::int64_t>>(name);
  return value ? *value : std::vector<std::int64_t>{};
}

std::vector<std::int64_t> Context::integers_in(std::size_t i) const {
  if (!builder_.is_constant(in(i)))
    refuse(Code::unsupported, "input " + std::to_string(i) + " ('" + node_.inputs[i] +
                                  "') must be known when the plan is made");
  const Tensor wide = builder_.value_of(builder_.cast(in(i), ElementType::i64, title_));
  return {wide.as<std::int64_t>().begin(), wide.as<std::int64_t>().end()};
}

std::vector<double> Context::reals_in(std::size_t i) const {
  if (!builder_.is_constant(in(i)))
    refuse(Code::unsupported, "input " + std::to_string(i) + " ('" + node_.inputs[i] +
                                  "') must be known when the plan is made");
  const Tensor wide = builder_.value_of(builder_.cast(in(i), ElementType::f64, title_));
  return {wide.as<double>().begin(), wide.as<double>().end()};
}

std::vector<std::int64_t> Context::integers_of(std::string_view attribute,
                                               std::size_t input) const {
  return has(input) ? integers_in(input) : integers(attribute);
}

void Context::plain(std::string kernel, std::vector<std::int64_t> params, std::vector<Array> reads,
                    const Array& write, double flops) {
  Step step;
  step.what = PlainStep{std::move(kernel), std::move(params)};
  step.reads = std::move(reads);
  step.write = write;
  step.flops = flops;
  step.node = title_;
  builder_.emit(std::move(step));
}

Array Context::reshape(const Array& array, const Dims& dims) {
  if (elements_of(dims) != array.size())
    refuse(Code::invalid_argument,
           to_string(array.dims) + " does not reshape to " + to_string(dims));
  if (const auto view = reshaped(array, dims)) return *view;
  return *reshaped(builder_.row_major(array, title_), dims);
}

}  // namespace troika::onnx
