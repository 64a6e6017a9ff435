// From a model to a program for one set of input shapes.
#pragma once

#include "serving/onnx/operators.h"

namespace troika::onnx {

// What does not depend on shapes, done once: constants are folded. The result has tensors of its
// own.
ModelGraph simplified(const ModelGraph& graph, const LowerLimits& limits);

// `inputs`: dimensions for each input of the graph, in its order. Throws Error naming the node:
// invalid_argument (shapes that do not fit), unsupported, exhausted (a limit).
Program lower(const ModelGraph& graph, const std::vector<Dims>& inputs, const LowerLimits& limits);

}  // namespace troika::onnx
