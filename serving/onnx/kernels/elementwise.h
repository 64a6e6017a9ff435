// Kernels that compute every element from those at its place in the inputs.
#pragma once

#include <vector>

#include "serving/onnx/kernels/kernel.h"

namespace troika::onnx {

// onnx.elementwise<inputs>.<type>: grid, then a chain (see encode()).
// onnx.compare.<type>: grid, then a Comparison; the result is a boolean.
// onnx.select.<width>: grid of result, condition, then what is taken where it holds and where not.
// onnx.cast.<from>.<to>, onnx.copy.<width>: grid.
void add_elementwise_kernels(std::vector<KernelSpec>& to);

enum class Comparison : std::int64_t { equal, greater, less, greater_or_equal, less_or_equal };

// The unsigned type of as many bytes: what kernels that only move elements work on.
Type width_of(ElementType type) noexcept;

}  // namespace troika::onnx
