// Tensors in files, as ONNX's own tests keep them, and how far two of them differ.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "serving/onnx/model.h"

namespace troika::onnx {

// A file of one TensorProto. Throws Error as Model::load().
Tensor load_tensor(const std::filesystem::path& path);
// <folder>/input_0.pb, input_1.pb, …, or output_…, as many as there are.
std::vector<Tensor> load_tensors(const std::filesystem::path& folder, const std::string& role);

// Empty when each |got - wanted| <= absolute + relative * |wanted|, else what differs first and how
// far the worst is off.
std::string difference(const Tensor& got, const Tensor& wanted, double absolute, double relative);

}  // namespace troika::onnx
