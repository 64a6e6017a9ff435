// A model for one set of input shapes: calls of kernels on arrays, in an order that is right.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "serving/onnx/array.h"
#include "serving/onnx/chain.h"
#include "serving/onnx/kernels/kernel.h"

namespace troika::onnx {

// Bytes that arrays lie in.
struct Storage {
  enum class Kind : std::uint8_t { input, output, scratch, constant };
  Kind kind = Kind::scratch;
  std::size_t bytes = 0;
  std::size_t port = 0;             // which of the model's inputs or outputs
  std::shared_ptr<std::byte> data;  // constants: what they hold
};

// An element-wise chain over the inputs of a step.
struct ElementwiseStep {
  Chain chain;
};
// x is [batch, groups * in, spatial…]. Weights are [groups * out, in, kernel…], transposed ones
// [groups * in, out, kernel…]. One entry a spatial dimension.
struct ConvShape {
  bool transposed = false;
  std::int64_t groups = 1;
  Dims strides, dilations, pads_begin, pads_end;
};
// Inputs: x, weights, bias of [channels].
struct ConvStep {
  ConvShape shape;
  Chain epilogue;  // of each result; without code when there is none
};
// Inputs: a, b, and an addend that broadcasts to the result; all of the result's rank.
struct MatMulStep {
  Chain epilogue;
};
// Any other kernel, its parameters as it reads them.
struct PlainStep {
  std::string kernel;
  std::vector<std::int64_t> params;
};

struct Step {
  std::variant<PlainStep, ElementwiseStep, ConvStep, MatMulStep> what;
  std::vector<Array> reads;
  Array write;
  double flops = 0;
  std::string node;  // title of the node it comes from
};

struct Program {
  std::vector<Storage> storages;
  std::vector<Step> steps;
  std::vector<Array>
      outputs;  // where each output of the model lies: row-major, in a storage of its own
};

// What a step is to a device: a kernel, and the numbers it is told.
struct KernelCall {
  const KernelSpec* kernel = nullptr;
  std::vector<std::int64_t> params;
  std::int64_t items = 0;  // of a launch
};
KernelCall call_of(const Step& step);

// Runs a step here and now; all it reads lies in constants.
void run_now(const Step& step, std::vector<Storage>& storages);

}  // namespace troika::onnx
