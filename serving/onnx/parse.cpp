#include "serving/onnx/parse.h"

#include <set>

#include <onnx/checker.h>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>

#include "serving/onnx/operators.h"
#include "serving/onnx/parse_tensor.h"

namespace troika::onnx {
namespace {

constexpr int operator_set_max = 17;  // what Debian 12's libonnx knows

void check_numbers(const ::onnx::ModelProto& model, const LoadLimits& limits) {
  if (!model.has_graph()) refuse(Code::invalid_argument, "the file has no graph");
  const auto nodes = static_cast<std::size_t>(model.graph().node_size());
  if (nodes > limits.nodes_max)
    refuse(Code::exhausted, "the graph has " + std::to_string(nodes) + " nodes, " +
                                std::to_string(limits.nodes_max) + " are read");
  if (model.functions_size() != 0) refuse(Code::unsupported, "the model has functions of its own");
}

int operator_set_of(const ::onnx::ModelProto& model) {
  int version = 0;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx")
      version = static_cast<int>(std::min<std::int64_t>(import.version(), operator_set_max + 1));
  if (version < 1 || version > operator_set_max)
    refuse(Code::unsupported, "operator set " + std::to_string(version) + "; 1 to " +
                                  std::to_string(operator_set_max) + " are read");
  return version;
}

// ONNX's own checker throws exceptions of several types of its own.
void check(const ::onnx::ModelProto& model) {
  try {
    ::onnx::checker::check_model(model);
  } catch (const std::exception& error) {
    refuse(Code::invalid_argument, std::string{"ONNX's checker: "} + error.what());
  }
}

Attribute attribute_of(const ::onnx::AttributeProto& proto, const LoadLimits& limits) {
  using Proto = ::onnx::AttributeProto;
  switch (proto.type()) {
    case Proto::INT: return proto.i();
    case Proto::FLOAT: return proto.f();
    case Proto::STRING: return proto.s();
    case Proto::TENSOR: return parse_tensor(proto.t(), limits);
    case Proto::INTS: return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case Proto::FLOATS: return std::vector<float>(proto.floats().begin(), proto.floats().end());
    default:
      refuse(Code::unsupported, "attribute '" + proto.name() + "' is of kind " +
                                    std::to_string(proto.type()) + ", which is not read");
  }
}

Node node_of(const ::onnx::NodeProto& proto, int operator_set, const LoadLimits& limits) {
  Node node;
  node.op = proto.op_type();
  node.name = proto.name();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  try {
    if (!proto.domain().empty() && proto.domain() != "ai.onnx")
      refuse(Code::unsupported, "operators of domain '" + proto.domain() + "' are not there");
    const auto* schema = ::onnx::OpSchemaRegistry::Schema(node.op, operator_set, "");
    if (schema == nullptr)
      refuse(Code::unsupported, "operator set " + std::to_string(operator_set) +
                                    " of ONNX has no operator '" + node.op + "'");
    node.version = schema->since_version();
    require_operator(node.op, node.version);
    for (const auto& attribute : proto.attribute())
      node.attributes.emplace(attribute.name(), attribute_of(attribute, limits));
  } catch (const Error& error) {
    throw Error{error.status().within(node.title())};
  }
  return node;
}

Port port_of(const ::onnx::ValueInfoProto& proto, std::string_view role) {
  const std::string title = std::string{role} + " '" + proto.name() + "'";
  if (!proto.type().has_tensor_type()) refuse(Code::unsupported, title + " is not a tensor");
  const auto& tensor = proto.type().tensor_type();
  const auto type = element_type_of(tensor.elem_type());
  if (!type)
    refuse(Code::unsupported, title + " has element type " + std::to_string(tensor.elem_type()) +
                                  " of ONNX, which is not there");
  Port port{proto.name(), *type, {}};
  for (const auto& dim : tensor.shape().dim())
    port.dims.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : -1);
  return port;
}

// The checker knows the order of nodes; that all that is read is also there is checked here, so
// that nothing later depends on it.
void check_names(const ModelGraph& graph) {
  std::set<std::string_view> known;
  for (const Port& port : graph.inputs)
    if (!known.insert(port.name).second)
      refuse(Code::invalid_argument, "two inputs are called '" + port.name + "'");
  for (const auto& [name, tensor] : graph.initializers) known.insert(name);
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.inputs)
      if (!name.empty() && !known.contains(name))
        refuse(Code::invalid_argument,
               node.title() + " reads '" + name + "', which nothing before it makes");
    for (const std::string& name : node.outputs)
      if (!name.empty() && !known.insert(name).second)
        refuse(Code::invalid_argument, node.title() + " makes '" + name + "' again");
  }
  for (const Port& port : graph.outputs)
    if (!known.contains(port.name))
      refuse(Code::invalid_argument, "nothing makes output '" + port.name + "'");
}

}  // namespace

ModelGraph parse(std::span<const std::byte> bytes, const LoadLimits& limits) {
  if (bytes.size() > std::min<std::size_t>(limits.file_bytes_max, 0x7fffffff))
    refuse(Code::exhausted, "a model of " + std::to_string(bytes.size()) + " bytes");
  ::onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    refuse(Code::invalid_argument,
           "not an ONNX file, or cut short (" + std::to_string(bytes.size()) + " bytes)");
  check_numbers(model, limits);
  const int operator_set = operator_set_of(model);
  check(model);

  ModelGraph graph;
  if (model.graph().sparse_initializer_size() != 0)
    refuse(Code::unsupported, "sparse initializers are not read");
  for (const auto& tensor : model.graph().initializer())
    graph.initializers.insert_or_assign(tensor.name(), parse_tensor(tensor, limits));
  for (const auto& input : model.graph().input())
    if (!graph.initializers.contains(input.name())) graph.inputs.push_back(port_of(input, "input"));
  for (const auto& output : model.graph().output())
    graph.outputs.push_back(port_of(output, "output"));
  for (const auto& node : model.graph().node())
    graph.nodes.push_back(node_of(node, operator_set, limits));
  check_names(graph);
  return graph;
}

}  // namespace troika::onnx
