// Operators that put elements elsewhere.
#include <bit>
#include <cmath>
#include <cstring>

#include "serving/onnx/operators.h"

namespace troika::onnx {
namespace {

using enum ElementType;

std::string by_width(const char* kernel, ElementType type) {
  return std::string{kernel} + std::string{troika::name_of(width_of(type))};
}

// Parts into one storage, each by a copy of its own. Parts that are all constants make a constant.
void concat(Context& context) {
  const Array& first = context.in(0);
  const std::size_t axis = axis_of(context.integer("axis", 1), first.rank());
  Dims dims = first.dims;
  dims[axis] = 0;
  bool constant = true;
  const Array* dense = nullptr;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const Array& part = context.in(i);
    Dims rest = part.dims;
    if (rest.size() == dims.size()) rest[axis] = dims[axis];
    if (rest != dims || part.type != first.type)
      refuse(Code::invalid_argument, "input " + std::to_string(i) + " of " + to_string(part.dims) +
                                         " does not fit " + to_string(first.dims));
    dims[axis] += part.dims[axis];
    constant = constant && context.build().is_constant(part);
    if (dense == nullptr && is_dense(part)) dense = &part;
  }
  Array out = context.build().allocate(first.type, dims, dense);
  if (constant) {
    elements_of(dims, size_of(first.type), std::size_t{1} << 28);
    out = context.build().constant(make_tensor(first.type, dims));
  }
  std::int64_t at = 0;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const Array& part = context.in(i);
    const Array to = sliced(out, axis, at, part.dims[axis], 1);
    if (!part.empty()) context.build().copy(part, context.title(), &to);
    at += part.dims[axis];
  }
  context.out(0, out);
}

struct Slicing {
  std::int64_t first, count, step;
};

// As Python does it, with ends clamped.
Slicing slicing_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t size) {
  if (step == 0) refuse(Code::invalid_argument, "step 0");
  step = std::clamp<std::int64_t>(step, -size - 1, size + 1);
  const auto place = [&](std::int64_t at) {
    if (at < 0) at = at < -size ? -1 : at + size;
    return std::min(at, size);
  };
  if (step > 0) {
    const std::int64_t first = std::max<std::int64_t>(place(start), 0);
    const std::int64_t last = std::max(place(end), first);
    return {first, (last - first + step - 1) / step, step};
  }
  const std::int64_t first = std::min(place(start), size - 1);
  const std::int64_t last = std::min(std::max<std::int64_t>(place(end), -1), first);
  return {std::max<std::int64_t>(first, 0), (first - last - step - 1) / -step, step};
}

void slice(Context& context) {
  Array array = context.in(0);
  const bool attributes = context.version() < 10;
  const auto starts = attributes ? context.integers("starts") : context.integers_in(1);
  const auto ends = attributes ? context.integers("ends") : context.integers_in(2);
  std::vector<std::int64_t> axes = context.integers_of("axes", 3);
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  const std::vector<std::int64_t> steps =
      context.has(4) ? context.integers_in(4) : std::vector<std::int64_t>(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    refuse(Code::invalid_argument, "starts, ends, axes and steps differ in number");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], array.rank());
    const Slicing part = slicing_of(starts[i], ends[i], steps[i], array.dims[axis]);
    array = sliced(array, axis, part.first, part.count, part.step);
  }
  context.out(0, array);
}

void split(Context& context) {
  const Array& array = context.in(0);
  const std::size_t axis = axis_of(context.integer("axis", 0), array.rank());
  std::vector<std::int64_t> sizes = context.integers_of("split", 1);
  const auto parts = static_cast<std::int64_t>(context.output_count());
  if (sizes.empty()) sizes.assign(context.output_count(), array.dims[axis] / parts);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < context.output_count(); ++i) {
    if (i >= sizes.size() || sizes[i] < 0 || sizes[i] > array.dims[axis] - at)
      refuse(Code::invalid_argument, "the parts do not fit " + to_string(array.dims));
    context.out(i, sliced(array, axis, at, sizes[i], 1));
    at += sizes[i];
  }
  if (at != array.dims[axis])
    refuse(Code::invalid_argument, "the parts do not fill " + to_string(array.dims));
}

// Repeats are dimensions of stride 0, written out by one copy.
void tile(Context& context) {
  const Array& array = context.in(0);
  const auto repeats = context.integers_in(1);
  if (repeats.size() != array.rank())
    refuse(Code::invalid_argument, "as many repeats as dimensions are needed");
  Array wide{array.type, {}, {}, array.offset, array.storage};
  Dims dims;
  for (std::size_t d = 0; d < array.rank(); ++d) {
    wide.dims.insert(wide.dims.end(), {repeats[d], array.dims[d]});
    wide.strides.insert(wide.strides.end(), {0, array.strides[d]});
  }
  elements_of(wide.dims, size_of(array.type), std::size_t{1} << 40);
  for (std::size_t d = 0; d < array.rank(); ++d) dims.push_back(repeats[d] * array.dims[d]);
  context.out(0, context.reshape(context.build().copy(wide, context.title()), dims));
}

Padding padding_of(const std::string& mode) {
  if (mode == "constant") return Padding::constant;
  if (mode == "reflect") return Padding::reflect;
  if (mode == "edge") return Padding::edge;
  refuse(Code::unsupported, "mode '" + mode + "' is not there");
}

std::int64_t bits_of(Context& context, ElementType type) {
  std::int64_t bits = 0;
  if (context.attribute("value") != nullptr) {
    const float value = context.real("value", 0);
    if (type != f32) refuse(Code::unsupported, "a value for " + std::string{name_of(type)});
    std::memcpy(&bits, &value, sizeof value);
  } else if (context.has(2)) {
    if (!context.build().is_constant(context.in(2)))
      refuse(Code::unsupported, "a value that is computed from data");
    const Tensor value = context.build().value_of(context.in(2));
    if (value.size() != 1 || value.type != type)
      refuse(Code::invalid_argument, "the value is one element of the input's type");
    std::memcpy(&bits, value.data.get(), size_of(type));
  }
  return bits;
}

void pad(Context& context) {
  const Array& array = context.in(0);
  const auto pads = context.version() < 11 ? context.integers("pads") : context.integers_in(1);
  if (pads.size() != 2 * array.rank())
    refuse(Code::invalid_argument, "twice as many pads as dimensions are needed");
  const Padding mode = padding_of(context.text("mode", "constant"));
  Dims dims = array.dims;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const std::int64_t before = pads[d], behind = pads[d + dims.size()];
    if (std::max(std::abs(before), std::abs(behind)) > std::int64_t{1} << 40)
      refuse(Code::exhausted, "pads of more than 2^40");
    dims[d] += before + behind;
    if (mode != Padding::constant && array.dims[d] == 0 && dims[d] > 0)
      refuse(Code::invalid_argument, "nothing to pad with");
  }
  const Array out = context.build().allocate(array.type, dims, is_dense(array) ? &array : nullptr);
  if (!out.empty()) {
    auto params = plain_grid_of(std::array<const Array*, 2>{&out, &array});
    params.insert(params.end(), {static_cast<std::int64_t>(mode), bits_of(context, array.type)});
    params.insert(params.end(), pads.begin(),
                  pads.begin() + static_cast<std::ptrdiff_t>(dims.size()));
    params.insert(params.end(), array.dims.begin(), array.dims.end());
    context.plain(by_width("onnx.pad.", array.type), std::move(params), {array}, out,
                  static_cast<double>(out.size()));
  }
  context.out(0, out);
}

void gather(Context& context) {
  const Array& data = context.in(0);
  const std::size_t axis = axis_of(context.integer("axis", 0), data.rank());
  const Array indices = context.build().cast(context.in(1), i64, context.title());
  const auto at = static_cast<std::ptrdiff_t>(axis);
  const auto with = [&](Dims around, const Dims& inner) {
    around.erase(around.begin() + at);
    around.insert(around.begin() + at, inner.begin(), inner.end());
    return around;
  };
  const Array out = context.build().allocate(data.type, with(data.dims, indices.dims));
  if (!out.empty()) {
    if (data.empty()) refuse(Code::out_of_range, "an index of an axis of 0");
    Array rows = data, columns = indices;
    rows.dims = columns.dims = out.dims;
    rows.strides = with(data.strides, Dims(indices.rank(), 0));
    columns.strides = with(Dims(data.rank(), 0), indices.strides);
    // The rows' region is all of the data, as the whole axis is read.
    auto params = grid_of(std::array<const Array*, 3>{&out, &rows, &columns});
    const std::int64_t rank = params[0];
    const std::int64_t start =
        data.offset - static_cast<std::int64_t>(region_of(data).offset / size_of(data.type));
    params[static_cast<std::size_t>(1 + rank + rank + 1)] = start;
    params.insert(params.end(), {data.dims[axis], data.strides[axis]});
    context.plain(by_width("onnx.gather.", data.type), std::move(params), {data, indices}, out,
                  static_cast<double>(out.size()));
  }
  context.out(0, out);
}

// [batch, channels, height, width] in blocks of b x b.
void depth_to_space(Context& context) {
  const Array& x = context.in(0);
  const std::int64_t b = context.integer("blocksize", 0);
  if (x.rank() != 4 || b < 1 || b > 1 << 15 || x.dims[1] % (b * b) != 0)
    refuse(Code::invalid_argument, "blocks of " + std::to_string(b) + " of " + to_string(x.dims));
  const std::int64_t n = x.dims[0], c = x.dims[1] / (b * b), h = x.dims[2], w = x.dims[3];
  const bool columns_first = context.text("mode", "DCR") == "CRD";
  const Array blocks = columns_first ? context.reshape(x, {n, c, b, b, h, w})
                                     : context.reshape(x, {n, b, b, c, h, w});
  const std::vector<std::size_t> order = columns_first ? std::vector<std::size_t>{0, 1, 4, 2, 5, 3}
                                                       : std::vector<std::size_t>{0, 3, 4, 1, 5, 2};
  context.out(0, context.reshape(transposed(blocks, order), {n, c, h * b, w * b}));
}

void space_to_depth(Context& context) {
  const Array& x = context.in(0);
  const std::int64_t b = context.integer("blocksize", 0);
  if (x.rank() != 4 || b < 1 || b > 1 << 15 || x.dims[2] % b != 0 || x.dims[3] % b != 0)
    refuse(Code::invalid_argument, "blocks of " + std::to_string(b) + " of " + to_string(x.dims));
  const std::int64_t n = x.dims[0], c = x.dims[1], h = x.dims[2] / b, w = x.dims[3] / b;
  const std::vector<std::size_t> order{0, 3, 5, 1, 2, 4};
  context.out(0, context.reshape(transposed(context.reshape(x, {n, c, h, b, w, b}), order),
                                 {n, c * b * b, h, w}));
}

}  // namespace

void add_placing_operators(std::vector<Operator>& to) {
  const Operator given[] = {
      {"Concat", 4, 13, all_types, concat, ""},
      {"Slice", 1, 13, all_types, slice, "places that are computed from data"},
      {"Split", 2, 13, all_types, split, "sizes that are computed from data"},
      {"Tile", 6, 13, all_types, tile, "repeats that are computed from data"},
      {"Pad", 2, 13, all_types, pad, "pads and values that are computed from data"},
      {"Gather", 1, 13, all_types, gather, ""},
      {"DepthToSpace", 1, 13, all_types, depth_to_space, ""},
      {"SpaceToDepth", 1, 13, all_types, space_to_depth, ""},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
