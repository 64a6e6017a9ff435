// From the bytes of an ONNX file to our own form.
#pragma once

#include "serving/onnx/model.h"

namespace troika::onnx {

// As Model::load().
ModelGraph parse(std::span<const std::byte> bytes, const LoadLimits& limits);

}  // namespace troika::onnx
