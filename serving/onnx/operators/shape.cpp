// Shapes: constants that say what shape something has, and views, which copy nothing.
#include <cmath>
#include <limits>
#include <numeric>

#include "serving/onnx/operators.h"

namespace troika::onnx {
namespace {

using enum ElementType;

Dims in_range(std::vector<std::int64_t> axes, std::size_t rank) {
  std::vector<bool> seen(rank);
  for (std::int64_t& axis : axes) {
    axis = static_cast<std::int64_t>(axis_of(axis, rank));
    if (seen[static_cast<std::size_t>(axis)])
      refuse(Code::invalid_argument, "axis " + std::to_string(axis) + " twice");
    seen[static_cast<std::size_t>(axis)] = true;
  }
  std::ranges::sort(axes);
  return axes;
}

Array integers(Context& context, const std::vector<std::int64_t>& values, const Dims& dims) {
  return context.build().constant(tensor_of<std::int64_t>(dims, values));
}

void identity(Context& context) { context.out(0, context.in(0)); }

void dropout(Context& context) {
  if (context.has(2) && context.integers_in(2)[0] != 0)
    refuse(Code::unsupported, "training is not there");
  context.out(0, context.in(0));
  if (context.output_count() < 2) return;
  Tensor mask = make_tensor(boolean, context.in(0).dims);
  std::ranges::fill(mask.mutable_as<std::uint8_t>(), std::uint8_t{1});
  context.out(1, context.build().constant(mask));
}

void shape(Context& context) {
  const Dims& dims = context.in(0).dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = place(context.integer("start", 0));
  const std::int64_t end = std::max(start, place(context.integer("end", rank)));
  const std::vector<std::int64_t> part(dims.begin() + start, dims.begin() + end);
  context.out(0, integers(context, part, {end - start}));
}

void size(Context& context) { context.out(0, integers(context, {context.in(0).size()}, {})); }

void constant(Context& context) {
  if (const auto* const value = context.attribute("value")) {
    if (!std::holds_alternative<Tensor>(*value))
      refuse(Code::invalid_argument, "attribute 'value' is no tensor");
    return context.out(0, context.build().constant(std::get<Tensor>(*value)));
  }
  if (context.attribute("value_int"))
    return context.out(0, integers(context, {context.integer("value_int", 0)}, {}));
  if (context.attribute("value_ints")) {
    const auto values = context.integers("value_ints");
    return context.out(0, integers(context, values, {static_cast<std::int64_t>(values.size())}));
  }
  const auto* const many = context.attribute("value_floats");
  const auto* const list = many ? std::get_if<std::vector<float>>(many) : nullptr;
  if (list)
    return context.out(0, context.build().constant(
                              tensor_of<float>({static_cast<std::int64_t>(list->size())}, *list)));
  if (!context.attribute("value_float"))
    refuse(Code::unsupported, "a constant of this kind is not there");
  const float value = context.real("value_float", 0);
  context.out(0, context.build().constant(tensor_of<float>({}, std::span{&value, 1})));
}

// One element, repeated without being stored more than once.
void constant_of_shape(Context& context) {
  const Dims dims = context.integers_in(0);
  elements_of(dims, 8, std::size_t{1} << 40);
  Tensor one = make_tensor(f32, {1});
  if (const auto* const value = context.attribute("value")) {
    if (!std::holds_alternative<Tensor>(*value) || std::get<Tensor>(*value).size() != 1)
      refuse(Code::invalid_argument, "attribute 'value' is one element");
    one = std::get<Tensor>(*value);
  }
  Array array = context.build().constant(one);
  context.out(0, broadcast({array.type, {}, {}, 0, array.storage}, dims));
}

void range(Context& context) {
  const auto type = context.in(0).type;
  const double start = context.reals_in(0).at(0), limit = context.reals_in(1).at(0),
               delta = context.reals_in(2).at(0);
  const double count = std::max(0.0, std::ceil((limit - start) / delta));
  if (!(count <= 1e8)) refuse(Code::exhausted, "a range of more than 1e8 elements");
  Tensor wide = make_tensor(f64, {static_cast<std::int64_t>(count)});
  double at = 0;
  for (double& value : wide.mutable_as<double>()) value = start + delta * at++;
  context.out(0, context.build().cast(context.build().constant(wide), type, context.title()));
}

void reshape(Context& context) {
  const Array& array = context.in(0);
  Dims dims = context.integers_of("shape", 1);
  const bool keep_zero = context.integer("allowzero", 0) != 0;
  std::int64_t known = 1, open = -1;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0 && !keep_zero) {
      if (d >= array.rank()) refuse(Code::invalid_argument, "a 0 beyond the input's dimensions");
      dims[d] = array.dims[d];
    }
    if (dims[d] == -1 && open < 0) open = static_cast<std::int64_t>(d);
    else if (dims[d] < 0) refuse(Code::invalid_argument, "shape " + to_string(dims));
    else if (dims[d] != 0 && known > std::numeric_limits<std::int64_t>::max() / dims[d])
      refuse(Code::exhausted, "shape " + to_string(dims));
    else known *= dims[d];
  }
  if (open >= 0) {
    if (known == 0 || array.size() % known != 0)
      refuse(Code::invalid_argument,
             to_string(array.dims) + " does not reshape to " + to_string(dims));
    dims[static_cast<std::size_t>(open)] = array.size() / known;
  }
  context.out(0, context.reshape(array, dims));
}

void flatten(Context& context) {
  const Array& array = context.in(0);
  const std::int64_t given = context.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(array.rank());
  const std::int64_t axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis > rank) refuse(Code::invalid_argument, "axis " + std::to_string(given));
  const Dims front(array.dims.begin(), array.dims.begin() + axis);
  const Dims back(array.dims.begin() + axis, array.dims.end());
  context.out(0, context.reshape(array, {elements_of(front), elements_of(back)}));
}

void squeeze(Context& context) {
  Array array = context.in(0);
  Dims axes = in_range(context.integers_of("axes", 1), array.rank());
  if (axes.empty())
    for (std::size_t d = 0; d < array.rank(); ++d)
      if (array.dims[d] == 1) axes.push_back(static_cast<std::int64_t>(d));
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (array.dims[static_cast<std::size_t>(axes[i])] != 1)
      refuse(Code::invalid_argument,
             "axis " + std::to_string(axes[i]) + " of " + to_string(array.dims) + " is not 1");
    array.dims.erase(array.dims.begin() + axes[i]);
    array.strides.erase(array.strides.begin() + axes[i]);
  }
  context.out(0, array);
}

void unsqueeze(Context& context) {
  Array array = context.in(0);
  const auto given = context.integers_of("axes", 1);
  for (const std::int64_t axis : in_range(given, array.rank() + given.size())) {
    const auto d = static_cast<std::size_t>(axis);
    const std::int64_t stride =
        d < array.rank() ? array.strides[d] * array.dims[d] : std::int64_t{1};
    array.dims.insert(array.dims.begin() + axis, 1);
    array.strides.insert(array.strides.begin() + axis, stride);
  }
  context.out(0, array);
}

void transpose(Context& context) {
  const Array& array = context.in(0);
  std::vector<std::int64_t> order = context.integers("perm");
  if (order.empty()) {
    order.resize(array.rank());
    std::iota(order.rbegin(), order.rend(), std::int64_t{0});
  }
  if (order.size() != array.rank()) refuse(Code::invalid_argument, "perm has another rank");
  in_range(order, array.rank());
  context.out(0, transposed(array, std::vector<std::size_t>(order.begin(), order.end())));
}

void expand(Context& context) {
  const Dims dims = broadcast_of(context.in(0).dims, context.integers_in(1));
  elements_of(dims, 8, std::size_t{1} << 40);
  context.out(0, broadcast(context.in(0), dims));
}

}  // namespace

void add_shape_operators(std::vector<Operator>& to) {
  const Operator given[] = {
      {"Identity", 1, 16, all_types, identity, ""},
      {"Dropout", 7, 13, {f32, f64}, dropout, "training"},
      {"Shape", 1, 15, all_types, shape, ""},
      {"Size", 1, 13, all_types, size, ""},
      {"Constant", 1, 13, all_types, constant, "strings, sparse tensors"},
      {"ConstantOfShape", 9, 9, {i64}, constant_of_shape, "a shape that is computed from data"},
      {"Range", 11, 11, {f32, f64, i32, i64}, range, "limits that are computed from data"},
      {"Reshape", 1, 14, all_types, reshape, "a shape that is computed from data"},
      {"Flatten", 1, 13, all_types, flatten, ""},
      {"Squeeze", 1, 13, all_types, squeeze, "axes that are computed from data"},
      {"Unsqueeze", 1, 13, all_types, unsqueeze, "axes that are computed from data"},
      {"Transpose", 1, 13, all_types, transpose, ""},
      {"Expand", 8, 13, all_types, expand, "a shape that is computed from data"},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
