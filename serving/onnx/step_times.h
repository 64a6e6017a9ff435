// What each step of a model costs the host, run by itself.
#pragma once

#include <map>
#include <string>

#include "serving/onnx/model.h"

namespace troika::onnx {

// Microseconds by kernel, the least of so many repeats each, added up over the steps. The calling
// thread runs them, on inputs of zeros.
std::map<std::string, double> step_times(const Model& model, const std::vector<Dims>& inputs,
                                         unsigned repeats);

}  // namespace troika::onnx
