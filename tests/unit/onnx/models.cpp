#include "tests/unit/onnx/models.h"

namespace troika::onnx {
namespace {

void describe(::onnx::ValueInfoProto& port, const std::string& name, const Dims& dims) {
  port.set_name(name);
  auto& tensor = *port.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(::onnx::TensorProto::FLOAT);
  auto& shape = *tensor.mutable_shape();
  for (const std::int64_t dim : dims) {
    auto& added = *shape.add_dim();
    if (dim >= 0) added.set_dim_value(dim);
    else added.set_dim_param("batch");
  }
}

}  // namespace

::onnx::ModelProto empty_model() {
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  model.mutable_graph()->set_name("graph");
  return model;
}

::onnx::NodeProto& add_node(::onnx::ModelProto& model, const std::string& op,
                            const std::string& name, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs) {
  ::onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return node;
}

void add_input(::onnx::ModelProto& model, const std::string& name, const Dims& dims) {
  describe(*model.mutable_graph()->add_input(), name, dims);
}

void add_output(::onnx::ModelProto& model, const std::string& name, const Dims& dims) {
  describe(*model.mutable_graph()->add_output(), name, dims);
}

void add_weights(::onnx::ModelProto& model, const std::string& name, const Dims& dims,
                 const std::vector<float>& values) {
  auto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(::onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  for (const float value : values) tensor.add_float_data(value);
}

::onnx::ModelProto relu_model() {
  ::onnx::ModelProto model = empty_model();
  add_input(model, "x", {2, 3});
  add_node(model, "Relu", "clip", {"x"}, {"y"});
  add_output(model, "y", {2, 3});
  return model;
}

::onnx::ModelProto mlp_model() {
  ::onnx::ModelProto model = empty_model();
  add_input(model, "x", {-1, 3});
  add_weights(model, "w1", {3, 2}, {1, -1, 0, 1, 2, -2});
  add_weights(model, "b1", {2}, {0.5, 1});
  add_weights(model, "w2", {2, 2}, {2, 1, 3, -1});
  add_weights(model, "b2", {2}, {1, 5});
  add_node(model, "Gemm", "layer1", {"x", "w1", "b1"}, {"sum1"});
  add_node(model, "Relu", "relu1", {"sum1"}, {"hidden"});
  add_node(model, "Gemm", "layer2", {"hidden", "w2", "b2"}, {"sum2"});
  add_node(model, "Relu", "relu2", {"sum2"}, {"y"});
  add_output(model, "y", {-1, 2});
  return model;
}

Model load(const ::onnx::ModelProto& model) {
  const std::string bytes = model.SerializeAsString();
  return Model::load(std::as_bytes(std::span{bytes}));
}

}  // namespace troika::onnx
