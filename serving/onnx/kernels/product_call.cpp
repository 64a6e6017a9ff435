#include "serving/onnx/kernels/conv.h"

namespace troika::onnx {
namespace {

using Params = std::vector<std::int64_t>;

// The spatial entries of something, three of them: those in front count one.
void append_spatial(Params& to, std::span<const std::int64_t> values, std::int64_t missing) {
  to.insert(to.end(), 3 - values.size(), missing);
  to.insert(to.end(), values.begin(), values.end());
}

std::span<const std::int64_t> behind_channel(const Dims& dims) {
  return std::span{dims}.subspan(2);
}

void append_strides(Params& to, const Array& array) {
  to.insert(to.end(), array.strides.begin(), array.strides.begin() + 2);
  append_spatial(to, behind_channel(array.strides), 0);
}

}  // namespace

KernelCall call_of(const ConvStep& what, const Step& step) {
  const Array &x = step.reads[0], &weights = step.reads[1], &bias = step.reads[2];
  const ConvShape& shape = what.shape;
  KernelCall call;
  call.kernel = &kernel(shape.transposed ? "onnx.conv_transpose.f32" : "onnx.conv.f32");
  call.items = step.write.size();
  Params& params = call.params;
  params = {x.dims[0], shape.groups, x.dims[1] / shape.groups, step.write.dims[1] / shape.groups};
  append_spatial(params, behind_channel(weights.dims), 1);
  append_spatial(params, shape.strides, 1);
  append_spatial(params, shape.dilations, 1);
  append_spatial(params, shape.pads_begin, 0);
  append_spatial(params, behind_channel(x.dims), 1);
  append_spatial(params, behind_channel(step.write.dims), 1);
  append_strides(params, x);
  append_strides(params, weights);
  append_strides(params, step.write);
  params.push_back(bias.strides[0]);
  encode(what.epilogue, ElementType::f32, params);
  return call;
}

KernelCall call_of(const MatMulStep& what, const Step& step) {
  const Array &a = step.reads[0], &b = step.reads[1], &out = step.write;
  const std::size_t batch = out.rank() - 2;
  KernelCall call;
  call.kernel = &kernel(step.reads.size() == 3 ? "onnx.matmul_add.f32" : "onnx.matmul.f32");
  call.items = out.size();
  call.params = {out.dims[batch], a.dims[batch + 1], out.dims[batch + 1],
                 static_cast<std::int64_t>(batch)};
  const auto append_all = [&](const Dims& values) {
    call.params.insert(call.params.end(), values.begin(), values.end());
  };
  append_all(Dims(out.dims.begin(), out.dims.begin() + static_cast<std::ptrdiff_t>(batch)));
  append_all(out.strides);
  for (const Array* operand : {&a, &b}) {
    for (std::size_t d = 0; d < batch; ++d)
      call.params.push_back(operand->dims[d] == 1 ? 0 : operand->strides[d]);
    call.params.push_back(operand->strides[batch]);
    call.params.push_back(operand->strides[batch + 1]);
  }
  if (step.reads.size() == 3) append_all(broadcast(step.reads[2], out.dims).strides);
  encode(what.epilogue, ElementType::f32, call.params);
  return call;
}

}  // namespace troika::onnx
