// Convolutions, matrix products, and normalisation, which goes into them.
#include <cmath>

#include "serving/onnx/operators.h"
#include "serving/onnx/operators/spatial.h"

namespace troika::onnx {
namespace {

using enum ElementType;

Array zeros(Context& context, std::int64_t count) {
  return context.build().constant(make_tensor(f32, {count}));
}

// Channels last, which oneDNN wants: each place's channels lie together.
std::vector<std::size_t> channels_last(std::size_t rank) {
  std::vector<std::size_t> order{0};
  for (std::size_t d = 2; d < rank; ++d) order.push_back(d);
  order.push_back(1);
  return order;
}

Array with_channels_last(Context& context, const Array& array) {
  const auto order = channels_last(array.rank());
  if (is_dense(array) && array.strides == strides_in_order(array.dims, order)) return array;
  Array to = context.build().allocate(array.type, array.dims);
  to.strides = strides_in_order(array.dims, order);
  return context.build().copy(array, context.title(), &to);
}

Array convolved(Context& context, const ConvShape& shape, const Dims& out_dims) {
  const Array x = with_channels_last(context, context.in(0));
  const Array weights = context.build().row_major(context.in(1), context.title());
  const std::int64_t channels = out_dims[1];
  Array bias = context.has(2) ? context.in(2) : zeros(context, channels);
  if (bias.dims != Dims{channels})
    refuse(Code::invalid_argument, "a bias of " + to_string(bias.dims));
  bias = context.build().row_major(bias, context.title());
  Array out = context.build().allocate(f32, out_dims);
  out.strides = strides_in_order(out_dims, channels_last(out_dims.size()));
  Step step;
  step.what = ConvStep{shape, {}};
  const Array& moved = shape.transposed ? x : out;
  step.flops = 2.0 * static_cast<double>(moved.size()) *
               static_cast<double>(weights.size() / weights.dims[0]);
  step.reads = {x, weights, bias};
  step.write = out;
  step.node = context.title();
  context.build().emit(std::move(step));
  return out;
}

void check_channels(const Array& x, const Array& weights, std::int64_t groups, bool transposed) {
  const bool fit = x.rank() >= 3 && x.rank() <= 5 && weights.rank() == x.rank() && groups >= 1 &&
                   !x.empty() && !weights.empty() && weights.dims[0] % groups == 0 &&
                   x.dims[1] == (transposed ? weights.dims[0] : weights.dims[1] * groups);
  if (!fit)
    refuse(Code::invalid_argument, "input of " + to_string(x.dims) + ", weights of " +
                                       to_string(weights.dims) + ", " + std::to_string(groups) +
                                       " groups");
  if (weights.type != x.type) refuse(Code::invalid_argument, "weights of another type");
}

void conv(Context& context) {
  const Array &x = context.in(0), &weights = context.in(1);
  ConvShape shape;
  shape.groups = context.integer("group", 1);
  check_channels(x, weights, shape.groups, false);
  const Spatial spatial =
      spatial_of(context, x, Dims(weights.dims.begin() + 2, weights.dims.end()));
  shape.strides = spatial.strides;
  shape.dilations = spatial.dilations;
  shape.pads_begin = spatial.pads_begin;
  shape.pads_end = spatial.pads_end;
  Dims out{x.dims[0], weights.dims[0]};
  for (std::size_t d = 0; d < spatial.kernel.size(); ++d)
    out.push_back(spatial.places(d, x.dims[d + 2], false));
  context.out(0, convolved(context, shape, out));
}

void conv_transpose(Context& context) {
  const Array &x = context.in(0), &weights = context.in(1);
  ConvShape shape;
  shape.transposed = true;
  shape.groups = context.integer("group", 1);
  check_channels(x, weights, shape.groups, true);
  if (context.attribute("output_shape") != nullptr)
    refuse(Code::unsupported, "output_shape is not there");
  if (const std::string pad = context.text("auto_pad", "NOTSET"); pad != "NOTSET" && pad != "VALID")
    refuse(Code::unsupported, "auto_pad " + pad + " is not there");
  const Spatial spatial =
      spatial_of(context, x, Dims(weights.dims.begin() + 2, weights.dims.end()));
  std::vector<std::int64_t> more = context.integers("output_padding");
  more.resize(spatial.kernel.size(), 0);
  Dims out{x.dims[0], weights.dims[1] * shape.groups};
  for (std::size_t d = 0; d < spatial.kernel.size(); ++d) {
    const std::int64_t reach = spatial.dilations[d] * (spatial.kernel[d] - 1) + 1;
    out.push_back((x.dims[d + 2] - 1) * spatial.strides[d] + reach + more[d] -
                  spatial.pads_begin[d] - spatial.pads_end[d]);
    shape.pads_end.push_back(spatial.pads_end[d] - more[d]);
    if (out.back() <= 0 || more[d] < 0 || shape.pads_end.back() < -(1 << 20))
      refuse(Code::invalid_argument, "pads leave nothing");
  }
  shape.strides = spatial.strides;
  shape.dilations = spatial.dilations;
  shape.pads_begin = spatial.pads_begin;
  context.out(0, convolved(context, shape, out));
}

// oneDNN's fast products want one of the two last dimensions to lie together.
Array for_product(Context& context, const Array& array) {
  const std::size_t r = array.rank();
  const bool rows = array.strides[r - 1] == 1 || array.dims[r - 1] == 1;
  const bool columns = array.strides[r - 2] == 1 || array.dims[r - 2] == 1;
  const bool plain = is_dense(array) || is_row_major(array);
  return plain && (rows || columns) ? array : context.build().row_major(array, context.title());
}

Array to_rank(Array array, std::size_t rank) {
  while (array.rank() < rank) {
    array.strides.insert(array.strides.begin(),
                         array.rank() ? array.strides[0] * array.dims[0] : 1);
    array.dims.insert(array.dims.begin(), 1);
  }
  return array;
}

Array product(Context& context, const Array& left, const Array& right, const Array* addend) {
  if (left.type != right.type) refuse(Code::invalid_argument, "inputs of different types");
  const std::size_t rank = std::max(left.rank(), right.rank());
  const Array a = for_product(context, to_rank(left, rank));
  const Array b = for_product(context, to_rank(right, rank));
  if (a.dims[rank - 1] != b.dims[rank - 2])
    refuse(Code::invalid_argument, to_string(left.dims) + " times " + to_string(right.dims));
  const auto batch = static_cast<std::ptrdiff_t>(rank) - 2;
  Dims dims = broadcast_of(Dims(a.dims.begin(), a.dims.begin() + batch),
                           Dims(b.dims.begin(), b.dims.begin() + batch));
  dims.insert(dims.end(), {a.dims[rank - 2], b.dims[rank - 1]});
  if (a.empty() || b.empty()) refuse(Code::unsupported, "a product of nothing");
  const Array out = context.build().allocate(f32, dims);
  Step step;
  step.what = MatMulStep{};
  step.flops = 2.0 * static_cast<double>(out.size()) * static_cast<double>(a.dims[rank - 1]);
  step.reads = {a, b};
  if (addend != nullptr) step.reads.push_back(to_rank(*addend, rank));
  step.write = out;
  step.node = context.title();
  context.build().emit(std::move(step));
  return out;
}

void matmul(Context& context) {
  Array a = context.in(0), b = context.in(1);
  if (a.rank() == 0 || b.rank() == 0) refuse(Code::invalid_argument, "a product of scalars");
  const bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) a = to_rank(a, 2);
  if (column) {
    b.dims.push_back(1);
    b.strides.push_back(1);
  }
  const Array out = product(context, a, b, nullptr);
  Dims dims = out.dims;
  if (row) dims.erase(dims.end() - 2);
  if (column) dims.pop_back();
  context.out(0, context.reshape(out, dims));
}

Array scaled(Context& context, const Array& array, float by) {
  if (by == 1) return array;
  Chain chain{1, {}, {}};
  chain.add(Math::mul, 0, chain.constant(by));
  return context.elementwise(chain, {array});
}

void gemm(Context& context) {
  if (context.in(0).rank() != 2 || context.in(1).rank() != 2)
    refuse(Code::invalid_argument, "matrices are needed");
  const std::vector<std::size_t> turned{1, 0};
  const Array a = context.integer("transA", 0) ? transposed(context.in(0), turned) : context.in(0);
  const Array b = context.integer("transB", 0) ? transposed(context.in(1), turned) : context.in(1);
  const float alpha = context.real("alpha", 1), beta = context.real("beta", 1);
  if (!context.has(2))
    return context.out(0, scaled(context, product(context, a, b, nullptr), alpha));
  if (broadcast_of(context.in(2).dims, {a.dims[0], b.dims[1]}) != Dims{a.dims[0], b.dims[1]})
    refuse(Code::invalid_argument, "C of " + to_string(context.in(2).dims));
  const Array c = context.build().row_major(scaled(context, context.in(2), beta), context.title());
  if (alpha == 1) return context.out(0, product(context, a, b, &c));
  Chain chain{2, {}, {}};
  chain.add(Math::add, 0, 1);
  context.out(
      0, context.elementwise(chain, {scaled(context, product(context, a, b, nullptr), alpha), c}));
}

Array by_channel(Context& context, const Array& array, std::size_t rank) {
  Dims dims(rank - 1, 1);
  dims[0] = array.size();
  return context.reshape(array, dims);
}

// x * scale + shift, by channel: what follows a convolution goes into its weights.
void batch_normalization(Context& context) {
  const Array& x = context.in(0);
  if (x.rank() < 2) refuse(Code::invalid_argument, "an input of " + to_string(x.dims));
  if (context.integer("training_mode", 0) != 0) refuse(Code::unsupported, "training is not there");
  Chain deviation{2, {}, {}};
  const int variance =
      deviation.add(Math::add, 1, deviation.constant(context.real("epsilon", 1e-5F)));
  deviation.add(Math::div, 0, deviation.add(Math::sqrt, variance));
  const Array scale = context.elementwise(deviation, {context.in(1), context.in(4)});
  Chain offset{3, {}, {}};
  offset.add(Math::sub, 0, offset.add(Math::mul, 1, 2));
  const Array shift = context.elementwise(offset, {context.in(2), context.in(3), scale});
  Chain apply{3, {}, {}};
  apply.add(Math::add, apply.add(Math::mul, 0, 1), 2);
  context.out(0, context.elementwise(apply, {x, by_channel(context, scale, x.rank()),
                                             by_channel(context, shift, x.rank())}));
}

}  // namespace

void add_product_operators(std::vector<Operator>& to) {
  const Operator given[] = {
      {"Conv", 1, 11, {f32}, conv, ""},
      {"ConvTranspose", 1, 11, {f32}, conv_transpose, "output_shape, auto_pad SAME"},
      {"MatMul", 1, 13, {f32}, matmul, ""},
      {"Gemm", 7, 13, {f32}, gemm, ""},
      {"BatchNormalization", 7, 15, {f32}, batch_normalization, "training"},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
