// Models made by hand, as files hold them.
#pragma once

#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "serving/onnx/model.h"

namespace troika::onnx {

// IR version 8, operator set 13, an empty graph.
::onnx::ModelProto empty_model();

::onnx::NodeProto& add_node(::onnx::ModelProto& model, const std::string& op,
                            const std::string& name, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs);
// Of floats; a dimension of -1 is left to the run.
void add_input(::onnx::ModelProto& model, const std::string& name, const Dims& dims);
void add_output(::onnx::ModelProto& model, const std::string& name, const Dims& dims);
void add_weights(::onnx::ModelProto& model, const std::string& name, const Dims& dims,
                 const std::vector<float>& values);

// y = relu(x), x of [2, 3].
::onnx::ModelProto relu_model();
// y = relu(relu(x * w1 + b1) * w2 + b2), x of [batch, 3], y of [batch, 2].
::onnx::ModelProto mlp_model();

Model load(const ::onnx::ModelProto& model);

}  // namespace troika::onnx
