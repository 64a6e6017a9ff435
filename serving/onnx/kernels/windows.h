// Kernels that gather elements from elsewhere: pooling, reduction, padding, resizing, softmax,
// gather.
#pragma once

#include <vector>

#include "serving/onnx/kernels/kernel.h"

namespace troika::onnx {

enum class Pooling : std::int64_t { max, average, average_with_padding };
enum class Reduction : std::int64_t { sum, mean, max, min, prod, l1, l2, sum_square };
enum class Padding : std::int64_t { constant, reflect, edge };

// onnx.pool.<type>: plain grid of result and input over batch, channel and three spatial
// dimensions; Pooling, then three each of kernel, stride, dilation, pad before, pad behind, input
// size. onnx.reduce.<type>: grid of result and input; Reduction, rank reduced, its sizes, its
// strides. onnx.softmax.f32: grid of rows of result and input; length, strides along it in both, 1
// for its log.
void add_reducing_kernels(std::vector<KernelSpec>& to);
// onnx.pad.<width>: plain grid of result and input; Padding, the value's bits, padding before and
// input size of each dimension.
// onnx.resize.f32: plain grid of result and input; for each dimension how many elements a result is
// made of, then for each dimension and place as many pairs: place in the input, bits of a double.
// onnx.gather.<width>: grid of result, data without the axis, indices; the axis's size and stride.
void add_placing_kernels(std::vector<KernelSpec>& to);

}  // namespace troika::onnx
