// Reductions, means over places, softmax.
#include <cmath>
#include <numeric>

#include "serving/onnx/operators.h"

namespace troika::onnx {
namespace {

using enum ElementType;
const std::vector<ElementType> summable{f32, f64, i32, i64};

// The reduced dimensions stay, of one element.
Array reduced(Context& context, const Array& x, Reduction how, const std::vector<bool>& along) {
  Dims dims = x.dims, sizes, strides;
  for (std::size_t d = 0; d < x.rank(); ++d) {
    if (!along[d]) continue;
    dims[d] = 1;
    if (x.dims[d] == 1) continue;
    sizes.push_back(x.dims[d]);
    strides.push_back(x.strides[d]);
  }
  const Array out = context.build().allocate(x.type, dims, is_dense(x) ? &x : nullptr);
  if (out.empty()) return out;
  if (x.empty()) refuse(Code::unsupported, "a reduction of nothing");
  if (sizes.size() > rank_max) refuse(Code::unsupported, "more than 8 dimensions");
  Array first = x;  // the first element of each result
  first.dims = dims;
  auto params = grid_of(std::array<const Array*, 2>{&out, &first});
  // The kernel is given the region of all of x.
  const std::int64_t rank = params[0];
  params[static_cast<std::size_t>(1 + rank + rank + 1)] =
      x.offset - static_cast<std::int64_t>(region_of(x).offset / size_of(x.type));
  params.insert(params.end(),
                {static_cast<std::int64_t>(how), static_cast<std::int64_t>(sizes.size())});
  params.insert(params.end(), sizes.begin(), sizes.end());
  params.insert(params.end(), strides.begin(), strides.end());
  context.plain("onnx.reduce." + std::string{troika::name_of(storage_of(x.type))},
                std::move(params), {x}, out, static_cast<double>(x.size()));
  return out;
}

Array without(Context& context, const Array& array, const std::vector<bool>& along) {
  Dims dims;
  for (std::size_t d = 0; d < array.rank(); ++d)
    if (!along[d]) dims.push_back(array.dims[d]);
  return context.reshape(array, dims);
}

std::vector<bool> axes_of(Context& context) {
  const std::size_t rank = context.in(0).rank();
  const auto axes = context.integers_of("axes", 1);
  const bool all = axes.empty() && context.integer("noop_with_empty_axes", 0) == 0;
  std::vector<bool> along(rank, all);
  for (const std::int64_t axis : axes) along[axis_of(axis, rank)] = true;
  return along;
}

Array logarithm(Context& context, const Array& array) {
  Chain chain{1, {}, {}};
  chain.add(Math::log, 0);
  return context.elementwise(chain, {array});
}

void finish(Context& context, const Array& result, const std::vector<bool>& along) {
  context.out(0, context.integer("keepdims", 1) != 0 ? result : without(context, result, along));
}

template <Reduction how>
void reduce(Context& context) {
  const auto along = axes_of(context);
  finish(context, reduced(context, context.in(0), how, along), along);
}

void reduce_log_sum(Context& context) {
  const auto along = axes_of(context);
  finish(context, logarithm(context, reduced(context, context.in(0), Reduction::sum, along)),
         along);
}

// log(sum(exp(x - max))) + max: nothing overflows.
void reduce_log_sum_exp(Context& context) {
  const auto along = axes_of(context);
  const Array largest = reduced(context, context.in(0), Reduction::max, along);
  Chain exponential{2, {}, {}};
  exponential.add(Math::exp, exponential.add(Math::sub, 0, 1));
  const Array parts = context.elementwise(exponential, {context.in(0), largest});
  Chain sum{2, {}, {}};
  sum.add(Math::add, sum.add(Math::log, 0), 1);
  finish(context,
         context.elementwise(sum, {reduced(context, parts, Reduction::sum, along), largest}),
         along);
}

std::vector<bool> spatial(const Array& x) {
  if (x.rank() < 3) refuse(Code::invalid_argument, "an input of " + to_string(x.dims));
  std::vector<bool> along(x.rank(), true);
  along[0] = along[1] = false;
  return along;
}

void global_average_pool(Context& context) {
  context.out(0, reduced(context, context.in(0), Reduction::mean, spatial(context.in(0))));
}

// (x - mean) / sqrt(variance + epsilon) * scale + bias over the given dimensions.
Array normalized(Context& context, const std::vector<bool>& along, const Array& scale,
                 const Array* bias) {
  const Array& x = context.in(0);
  const Array mean = reduced(context, x, Reduction::mean, along);
  Chain centre{2, {}, {}};
  centre.add(Math::sub, 0, 1);
  const Array centred = context.elementwise(centre, {x, mean});
  Chain square{1, {}, {}};
  square.add(Math::mul, 0, 0);
  const Array variance =
      reduced(context, context.elementwise(square, {centred}), Reduction::mean, along);
  Chain scaling{3, {}, {}};
  const int sum = scaling.add(Math::add, 1, scaling.constant(context.real("epsilon", 1e-5F)));
  scaling.add(Math::mul, scaling.add(Math::div, 0, scaling.add(Math::sqrt, sum)), 2);
  Array result = context.elementwise(scaling, {centred, variance, scale});
  if (bias == nullptr) return result;
  Chain shift{2, {}, {}};
  shift.add(Math::add, 0, 1);
  return context.elementwise(shift, {result, *bias});
}

void instance_normalization(Context& context) {
  const Array& x = context.in(0);
  const auto along = spatial(x);
  Dims dims(x.rank() - 1, 1);
  dims[0] = x.dims[1];
  const Array bias = context.reshape(context.in(2), dims);
  context.out(0, normalized(context, along, context.reshape(context.in(1), dims), &bias));
}

void layer_normalization(Context& context) {
  if (context.output_count() > 1) refuse(Code::unsupported, "mean and deviation as outputs");
  const std::size_t axis = axis_of(context.integer("axis", -1), context.in(0).rank());
  std::vector<bool> along(context.in(0).rank());
  for (std::size_t d = axis; d < along.size(); ++d) along[d] = true;
  context.out(0,
              normalized(context, along, context.in(1), context.has(2) ? &context.in(2) : nullptr));
}

Array softmax_along(Context& context, const Array& x, std::size_t axis, bool logarithm) {
  const Array out = context.build().allocate(f32, x.dims, is_dense(x) ? &x : nullptr);
  if (out.empty()) return out;
  Array rows_out = out, rows_in = x;
  rows_out.dims[axis] = rows_in.dims[axis] = 1;
  auto params = grid_of(std::array<const Array*, 2>{&rows_out, &rows_in});
  const std::int64_t rank = params[0];
  params[static_cast<std::size_t>(1 + rank + rank + 1)] =
      x.offset - static_cast<std::int64_t>(region_of(x).offset / size_of(x.type));
  params.insert(params.end(),
                {x.dims[axis], out.strides[axis], x.strides[axis], logarithm ? 1 : 0});
  context.plain("onnx.softmax.f32", std::move(params), {x}, out,
                4.0 * static_cast<double>(x.size()));
  return out;
}

// Before version 13 all dimensions from the axis on are one.
template <bool logarithm>
void softmax(Context& context) {
  const Array& x = context.in(0);
  const bool one_axis = context.version() >= 13;
  const std::size_t axis = axis_of(context.integer("axis", one_axis ? -1 : 1), x.rank());
  if (one_axis || axis + 1 == x.rank())
    return context.out(0, softmax_along(context, x, axis, logarithm));
  const auto at = static_cast<std::ptrdiff_t>(axis);
  const Dims flat{elements_of(Dims(x.dims.begin(), x.dims.begin() + at)),
                  elements_of(Dims(x.dims.begin() + at, x.dims.end()))};
  context.out(
      0, context.reshape(softmax_along(context, context.reshape(x, flat), 1, logarithm), x.dims));
}

}  // namespace

void add_reduction_operators(std::vector<Operator>& to) {
  constexpr std::string_view axes = "axes that are computed from data";
  const Operator given[] = {
      {"ReduceSum", 1, 13, summable, reduce<Reduction::sum>, axes},
      {"ReduceMean", 1, 13, summable, reduce<Reduction::mean>, axes},
      {"ReduceMax", 1, 13, summable, reduce<Reduction::max>, axes},
      {"ReduceMin", 1, 13, summable, reduce<Reduction::min>, axes},
      {"ReduceProd", 1, 13, summable, reduce<Reduction::prod>, axes},
      {"ReduceL1", 1, 13, summable, reduce<Reduction::l1>, axes},
      {"ReduceL2", 1, 13, float_types, reduce<Reduction::l2>, axes},
      {"ReduceSumSquare", 1, 13, summable, reduce<Reduction::sum_square>, axes},
      {"ReduceLogSum", 1, 13, float_types, reduce_log_sum, axes},
      {"ReduceLogSumExp", 1, 13, float_types, reduce_log_sum_exp, axes},
      {"GlobalAveragePool", 1, 1, float_types, global_average_pool, ""},
      {"InstanceNormalization", 6, 6, {f32}, instance_normalization, ""},
      {"LayerNormalization", 17, 17, {f32}, layer_normalization, "mean and deviation as outputs"},
      {"Softmax", 1, 13, {f32}, softmax<false>, ""},
      {"LogSoftmax", 1, 13, {f32}, softmax<true>, ""},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
