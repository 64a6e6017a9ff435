// Constants of an ONNX file.
#pragma once

#include "serving/onnx/model.h"

namespace onnx {
class TensorProto;
}  // namespace onnx

namespace troika::onnx {

// Throws Code::unsupported for external data and element types that are not there,
// Code::invalid_argument when data and shape do not fit; names the tensor.
Tensor parse_tensor(const ::onnx::TensorProto& proto, const LoadLimits& limits);

}  // namespace troika::onnx
