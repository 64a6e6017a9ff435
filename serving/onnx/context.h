// What an operator's lowering may ask, and the steps that it may add.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "serving/onnx/kernels/elementwise.h"
#include "serving/onnx/kernels/windows.h"
#include "serving/onnx/model.h"
#include "serving/onnx/program.h"

namespace troika::onnx {

struct LowerLimits {
  std::size_t tensor_bytes_max = std::size_t{2} << 30;    // of one intermediate
  std::size_t constant_bytes_max = std::size_t{1} << 30;  // of all that is computed beforehand
  double constant_flops_max = 4e9;                        // spent on it
};

// Makes a program, one step after another. A step whose inputs are all constants is run at once and
// its result is one more constant: shape arithmetic and folding need nothing of their own.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(const LowerLimits& limits) : limits_{limits} {}

  Array constant(const Tensor& tensor);
  Array storage(Storage::Kind kind, std::size_t port, ElementType type, const Dims& dims);
  // Undefined elements, row-major or in the order of the dimensions of `like`.
  Array allocate(ElementType type, const Dims& dims, const Array* like = nullptr);
  void emit(Step step);

  bool is_constant(const Array& array) const noexcept {
    return program_.storages[array.storage].kind == Storage::Kind::constant;
  }
  // The elements of a constant, copied out as row-major.
  Tensor value_of(const Array& array);
  Program& program() noexcept { return program_; }

  // All the same on arrays, in steps of their own; `node` names whom they are for.
  Array copy(const Array& from, const std::string& node, const Array* into = nullptr);
  Array row_major(const Array& array, const std::string& node);
  Array elementwise(const Chain& chain, std::vector<Array> inputs, const std::string& node);
  Array cast(const Array& array, ElementType to, const std::string& node);

 private:
  void fold(const Step& step);

  LowerLimits limits_;
  Program program_;
  std::size_t constant_bytes_ = 0;
  double constant_flops_ = 0;
};

// One node while it is lowered.
class Context {
 public:
  Context(const Node& node, ProgramBuilder& builder, std::vector<std::optional<Array>> inputs);

  const Node& node() const noexcept { return node_; }
  int version() const noexcept { return node_.version; }
  ProgramBuilder& build() noexcept { return builder_; }
  const std::string& title() const noexcept { return title_; }

  std::size_t input_count() const noexcept { return inputs_.size(); }
  bool has(std::size_t i) const noexcept { return i < inputs_.size() && inputs_[i].has_value(); }
  // Throws Code::invalid_argument when it was left out.
  const Array& in(std::size_t i) const;
  void out(std::size_t i, const Array& array);
  std::size_t output_count() const noexcept { return node_.outputs.size(); }
  const std::vector<std::optional<Array>>& outputs() const noexcept { return outputs_; }

  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  float real(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<std::int64_t> integers(std::string_view name) const;  // empty without
  const Attribute* attribute(std::string_view name) const;

  // An input that must be known when the plan is made, such as the shape of a Reshape.
  std::vector<std::int64_t> integers_in(std::size_t i) const;
  std::vector<double> reals_in(std::size_t i) const;
  // Either an attribute, in older operator sets, or an input; empty without.
  std::vector<std::int64_t> integers_of(std::string_view attribute, std::size_t input) const;

  // Steps of this node.
  Array elementwise(const Chain& chain, std::vector<Array> inputs) {
    return builder_.elementwise(chain, std::move(inputs), title_);
  }
  void plain(std::string kernel, std::vector<std::int64_t> params, std::vector<Array> reads,
             const Array& write, double flops);
  Array reshape(const Array& array, const Dims& dims);

 private:
  template <class T>
  const T* as(std::string_view name) const;

  const Node& node_;
  ProgramBuilder& builder_;
  std::vector<std::optional<Array>> inputs_, outputs_;
  std::string title_;
};

}  // namespace troika::onnx
