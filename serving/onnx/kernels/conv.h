// Sums of products, by oneDNN on the host: convolutions and matrix products.
#pragma once

#include <vector>

#include "serving/onnx/kernels/kernel.h"
#include "serving/onnx/program.h"

namespace troika::onnx {

// onnx.conv.f32, onnx.conv_transpose.f32: x, weights, bias. Parameters: batch, groups, inputs and
// outputs of a group, three each of kernel, stride, dilation, pad before, input and output size;
// five strides each of x, weights and result; the bias's; then a chain. onnx.matmul.f32: a, b;
// onnx.matmul_add.f32: and an addend. Parameters: rows, inner size, columns; the number of batch
// dimensions, their sizes; then of result, a, b (and addend) the strides of batch dimensions, rows
// and columns; then a chain.
void add_product_kernels(std::vector<KernelSpec>& to);

KernelCall call_of(const ConvStep& what, const Step& step);
KernelCall call_of(const MatMulStep& what, const Step& step);

// Weights laid out for a kernel of the host, by where they came from; several plans share them.
class PackedWeights;
// What the host needs to run the step, made once: null for steps of other kinds. Throws
// Code::unsupported when oneDNN has no such primitive.
std::shared_ptr<const void> prepare(const Step& step, const std::vector<Storage>& storages,
                                    PackedWeights& packed);

}  // namespace troika::onnx
