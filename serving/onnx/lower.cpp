#include "serving/onnx/lower.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "serving/onnx/fuse.h"

namespace troika::onnx {
namespace {

using Names = std::unordered_map<std::string, Array>;

std::vector<std::optional<Array>> inputs_of(const Node& node, const Names& names) {
  std::vector<std::optional<Array>> inputs;
  for (const std::string& name : node.inputs)
    inputs.push_back(name.empty() ? std::nullopt : std::optional{names.at(name)});
  return inputs;
}

void check_type(const Operator& op, const Node& node,
                const std::vector<std::optional<Array>>& inputs) {
  if (inputs.empty() || !inputs[0]) return;
  if (std::ranges::find(op.types, inputs[0]->type) != op.types.end()) return;
  std::string there;
  for (const ElementType type : op.types)
    there += (there.empty() ? "" : ", ") + std::string{name_of(type)};
  refuse(Code::unsupported,
         node.op + " of " + std::string{name_of(inputs[0]->type)} + " is not there: " + there);
}

void lower_node(const Node& node, ProgramBuilder& builder, Names& names) {
  try {
    const Operator& op = require_operator(node.op, node.version);
    auto inputs = inputs_of(node, names);
    check_type(op, node, inputs);
    Context context{node, builder, std::move(inputs)};
    op.lower(context);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      if (!context.outputs()[i])
        refuse(Code::unsupported,
               "output " + std::to_string(i) + " ('" + node.outputs[i] + "') is not there");
      names.insert_or_assign(node.outputs[i], *context.outputs()[i]);
    }
  } catch (const Error& error) {
    throw Error{error.status().within(node.title())};
  }
}

// Every output row-major in a storage of its own: where it was made, or by a copy.
void place_outputs(const ModelGraph& graph, const Names& names, ProgramBuilder& builder) {
  Program& program = builder.program();
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Port& port = graph.outputs[i];
    Array array = names.at(port.name);
    if (array.type != port.type)
      refuse(Code::invalid_argument, "output '" + port.name + "' is " +
                                         std::string{name_of(array.type)} + ", declared " +
                                         std::string{name_of(port.type)});
    Storage& storage = program.storages[array.storage];
    const bool whole =
        array.offset == 0 && is_row_major(array) &&
        static_cast<std::size_t>(array.size()) * size_of(array.type) == storage.bytes;
    if (storage.kind == Storage::Kind::scratch && whole) {
      storage.kind = Storage::Kind::output;
      storage.port = i;
    } else {
      const Array to = builder.storage(Storage::Kind::output, i, array.type, array.dims);
      Step step;
      step.what = PlainStep{"onnx.copy." + std::string{troika::name_of(width_of(array.type))},
                            array.empty() ? std::vector<std::int64_t>{}
                                          : grid_of(std::array<const Array*, 2>{&to, &array})};
      step.reads = {array};
      step.write = to;
      step.node = "output '" + port.name + "'";
      if (!array.empty()) program.steps.push_back(std::move(step));
      array = to;
    }
    program.outputs.push_back(array);
  }
}

Tensor copy_of(const Tensor& tensor) {
  Tensor made = make_tensor(tensor.type, tensor.dims);
  std::memcpy(made.data.get(), tensor.data.get(), tensor.bytes());
  return made;
}

bool all_known(const Node& node, const Names& names) {
  for (const std::string& name : node.inputs)
    if (!name.empty() && !names.contains(name)) return false;
  return true;
}

}  // namespace

ModelGraph simplified(const ModelGraph& graph, const LowerLimits& limits) {
  ModelGraph result{graph.inputs, graph.outputs, {}, {}};
  ProgramBuilder builder{limits};
  Names known;
  for (const auto& [name, tensor] : graph.initializers) {
    const Tensor own = copy_of(tensor);
    result.initializers.emplace(name, own);
    known.emplace(name, builder.constant(own));
  }
  for (const Node& node : graph.nodes) {
    if (!all_known(node, known)) {
      result.nodes.push_back(node);
      continue;
    }
    lower_node(node, builder, known);
    for (const std::string& name : node.outputs)
      if (!name.empty())
        result.initializers.insert_or_assign(name, builder.value_of(known.at(name)));
  }
  return result;
}

Program lower(const ModelGraph& graph, const std::vector<Dims>& inputs, const LowerLimits& limits) {
  ProgramBuilder builder{limits};
  Names names;
  for (const auto& [name, tensor] : graph.initializers)
    names.emplace(name, builder.constant(tensor));
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Port& port = graph.inputs[i];
    names.insert_or_assign(port.name,
                           builder.storage(Storage::Kind::input, i, port.type, inputs[i]));
  }
  for (const Node& node : graph.nodes) lower_node(node, builder, names);
  place_outputs(graph, names, builder);
  fuse(builder.program());
  return std::move(builder.program());
}

}  // namespace troika::onnx
