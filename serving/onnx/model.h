// An ONNX model: what a file says, checked, in a form of our own.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "serving/onnx/tensor.h"

namespace troika::onnx {

using Attribute = std::variant<std::int64_t, float, std::string, Tensor, std::vector<std::int64_t>,
                               std::vector<float>>;

// One call of an operator. Tensors are known by name; an optional one that is left out is "".
struct Node {
  std::string op, name;
  int version = 0;  // of the operator: the operator set in which it was last changed
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute, std::less<>> attributes;

  std::string title() const;  // "node 'conv1' (Conv)"
};

// An input or output of the model. A dimension that runs may choose is -1.
struct Port {
  std::string name;
  ElementType type = ElementType::f32;
  Dims dims;
};

// Nodes in an order in which each follows what it reads.
struct ModelGraph {
  std::vector<Port> inputs, outputs;
  std::vector<Node> nodes;
  std::map<std::string, Tensor, std::less<>> initializers;
};

struct LoadLimits {
  std::size_t file_bytes_max = std::size_t{2} << 30;    // protobuf's own limit
  std::size_t tensor_bytes_max = std::size_t{1} << 30;  // of one constant
  std::size_t nodes_max = 100'000;
};

// Immutable; copies share it. Any thread.
class Model {
 public:
  // Reads IR versions up to 8 and operator sets up to 17. Throws Error, naming node or tensor:
  // not_found (no such file), invalid_argument (truncated, cyclic, not what ONNX's checker accepts,
  // data that do not fit their shape), unsupported (an operator, type or feature that is not there:
  // external data, sequences, subgraphs), exhausted (a limit). What a hostile file can make it
  // allocate is bounded by the file's own size.
  static Model load(const std::filesystem::path& path, const LoadLimits& limits = {});
  static Model load(std::span<const std::byte> bytes, const LoadLimits& limits = {});

  const std::vector<Port>& inputs() const noexcept { return graph_->inputs; }
  const std::vector<Port>& outputs() const noexcept { return graph_->outputs; }
  const ModelGraph& graph() const noexcept { return *graph_; }

 private:
  explicit Model(std::shared_ptr<const ModelGraph> graph) noexcept : graph_{std::move(graph)} {}

  std::shared_ptr<const ModelGraph> graph_;
};

}  // namespace troika::onnx
