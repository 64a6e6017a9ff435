// Joins steps, so that what lies between them is never stored.
#pragma once

#include "serving/onnx/program.h"

namespace troika::onnx {

// Element-wise steps with those that read them; then what is done to each result of a convolution
// or matrix product with that: products and sums with constants a channel go into its weights and
// bias, the rest becomes its epilogue. Steps whose results nobody reads are dropped.
void fuse(Program& program);

}  // namespace troika::onnx
