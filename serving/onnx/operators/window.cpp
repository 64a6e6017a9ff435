// Pooling and resizing.
#include <bit>
#include <cmath>

#include "serving/onnx/operators.h"
#include "serving/onnx/operators/spatial.h"

namespace troika::onnx {
namespace {

using enum ElementType;

// Three spatial dimensions, those in front of one element.
Array with_three(const Array& array) {
  Dims dims{array.dims[0], array.dims[1]};
  dims.insert(dims.end(), 5 - array.rank(), 1);
  dims.insert(dims.end(), array.dims.begin() + 2, array.dims.end());
  Array result = array;
  result.dims = dims;
  result.strides = {array.strides[0], array.strides[1]};
  result.strides.insert(result.strides.end(), 5 - array.rank(), 0);
  result.strides.insert(result.strides.end(), array.strides.begin() + 2, array.strides.end());
  return result;
}

void pool(Context& context, Pooling mode, const Spatial& spatial, const Dims& out_dims) {
  const Array& x = context.in(0);
  const Array out = context.build().allocate(x.type, out_dims, is_dense(x) ? &x : nullptr);
  context.out(0, out);
  if (out.empty()) return;
  const Array wide_out = with_three(out), wide_in = with_three(x);
  auto params = plain_grid_of(std::array<const Array*, 2>{&wide_out, &wide_in});
  // The region of what is read is that of x, whatever the dimensions it is told with.
  params.push_back(static_cast<std::int64_t>(mode));
  const auto append = [&](const Dims& values, std::int64_t missing) {
    params.insert(params.end(), 3 - values.size(), missing);
    params.insert(params.end(), values.begin(), values.end());
  };
  append(spatial.kernel, 1);
  append(spatial.strides, 1);
  append(spatial.dilations, 1);
  append(spatial.pads_begin, 0);
  append(spatial.pads_end, 0);
  append(Dims(x.dims.begin() + 2, x.dims.end()), 1);
  context.plain("onnx.pool." + std::string{troika::name_of(storage_of(x.type))}, std::move(params),
                {x}, out,
                static_cast<double>(out.size()) * static_cast<double>(elements_of(spatial.kernel)));
}

void check_rank(const Array& x) {
  if (x.rank() < 3 || x.rank() > 5 || x.empty())
    refuse(Code::unsupported, "pooling of " + to_string(x.dims));
}

void windowed(Context& context, Pooling mode) {
  const Array& x = context.in(0);
  check_rank(x);
  const Spatial spatial = spatial_of(context, x, context.integers("kernel_shape"));
  Dims dims{x.dims[0], x.dims[1]};
  for (std::size_t d = 0; d < spatial.kernel.size(); ++d)
    dims.push_back(spatial.places(d, x.dims[d + 2], context.integer("ceil_mode", 0) != 0));
  pool(context, mode, spatial, dims);
}

void max_pool(Context& context) {
  if (context.output_count() > 1) refuse(Code::unsupported, "the output of indices is not there");
  windowed(context, Pooling::max);
}
void average_pool(Context& context) {
  windowed(context, context.integer("count_include_pad", 0) != 0 ? Pooling::average_with_padding
                                                                 : Pooling::average);
}

void global_max_pool(Context& context) {
  const Array& x = context.in(0);
  check_rank(x);
  const std::size_t count = x.rank() - 2;
  Spatial spatial;
  spatial.kernel.assign(x.dims.begin() + 2, x.dims.end());
  spatial.strides = spatial.dilations = Dims(count, 1);
  spatial.pads_begin = spatial.pads_end = Dims(count, 0);
  Dims dims(x.rank(), 1);
  dims[0] = x.dims[0];
  dims[1] = x.dims[1];
  pool(context, Pooling::max, spatial, dims);
}

struct Resizing {
  std::string coordinates, rounding;
  bool linear = false;
};

double source_of(const Resizing& how, std::int64_t at, std::int64_t out, std::int64_t in,
                 double scale) {
  const auto x = static_cast<double>(at);
  if (how.coordinates == "asymmetric") return x / scale;
  if (how.coordinates == "align_corners")
    return out == 1 ? 0 : x * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  if (how.coordinates == "pytorch_half_pixel" && out == 1) return 0;
  return (x + 0.5) / scale - 0.5;
}

std::int64_t rounded(const Resizing& how, double x) {
  if (how.rounding == "floor") return static_cast<std::int64_t>(std::floor(x));
  if (how.rounding == "ceil") return static_cast<std::int64_t>(std::ceil(x));
  if (how.rounding == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
  return static_cast<std::int64_t>(std::ceil(x - 0.5));  // round_prefer_floor
}

// The pairs of place and weight along one dimension.
void append_table(const Resizing& how, std::int64_t out, std::int64_t in, double scale,
                  std::vector<std::int64_t>& to) {
  const auto clamped = [&](std::int64_t at) { return std::clamp<std::int64_t>(at, 0, in - 1); };
  for (std::int64_t at = 0; at < out; ++at) {
    const double x = source_of(how, at, out, in, scale);
    if (!how.linear) {
      to.insert(to.end(), {clamped(rounded(how, x)), std::bit_cast<std::int64_t>(1.0)});
      continue;
    }
    const double low = std::floor(x), part = x - low;
    const auto first = static_cast<std::int64_t>(low);
    to.insert(to.end(), {clamped(first), std::bit_cast<std::int64_t>(1.0 - part),
                         clamped(first + 1), std::bit_cast<std::int64_t>(part)});
  }
}

void resize_by(Context& context, const Resizing& how, const Dims& dims,
               const std::vector<double>& scales) {
  const Array& x = context.in(0);
  const Array out = context.build().allocate(f32, dims, is_dense(x) ? &x : nullptr);
  context.out(0, out);
  if (out.empty()) return;
  // Dimensions in the order in which they lie: a row of the kernel's is what lies together.
  const auto order = order_of(out);
  const Array turned_out = transposed(out, order), turned_in = transposed(x, order);
  auto params = plain_grid_of(std::array<const Array*, 2>{&turned_out, &turned_in});
  const auto taps = [&](std::size_t d) { return how.linear && dims[d] != x.dims[d] ? 2 : 1; };
  for (const std::size_t d : order) params.push_back(taps(d));
  double work = static_cast<double>(out.size());
  for (const std::size_t d : order) {
    Resizing along = how;
    along.linear = taps(d) == 2;
    if (dims[d] == x.dims[d] && scales[d] == 1) along = {"asymmetric", "floor", false};
    append_table(along, dims[d], x.dims[d], scales[d], params);
    work *= taps(d);
  }
  context.plain("onnx.resize.f32", std::move(params), {x}, out, work);
}

Resizing resizing_of(Context& context) {
  Resizing how{"asymmetric", "floor", false};  // what Upsample and version 10 do
  const std::string mode = context.text("mode", "nearest");
  if (mode != "nearest" && mode != "linear") refuse(Code::unsupported, "mode '" + mode + "'");
  how.linear = mode == "linear";
  if (context.version() < 11) return how;
  how.coordinates = context.text("coordinate_transformation_mode", "half_pixel");
  how.rounding = context.text("nearest_mode", "round_prefer_floor");
  if (how.coordinates != "half_pixel" && how.coordinates != "asymmetric" &&
      how.coordinates != "align_corners" && how.coordinates != "pytorch_half_pixel")
    refuse(Code::unsupported, "coordinate_transformation_mode '" + how.coordinates + "'");
  return how;
}

std::vector<double> scales_of(Context& context, std::size_t input) {
  if (context.attribute("scales") == nullptr) return context.reals_in(input);
  const auto* const list = std::get_if<std::vector<float>>(context.attribute("scales"));
  if (list == nullptr) refuse(Code::invalid_argument, "scales are no numbers");
  return {list->begin(), list->end()};
}

void resize(Context& context) {
  const Array& x = context.in(0);
  const Resizing how = resizing_of(context);
  const bool by_size = context.has(3) && context.in(3).size() > 0;
  Dims dims(x.rank());
  std::vector<double> scales(x.rank());
  if (by_size) {
    dims = context.integers_in(3);
    if (dims.size() != x.rank()) refuse(Code::invalid_argument, "sizes of another rank");
    for (std::size_t d = 0; d < x.rank(); ++d)
      scales[d] =
          static_cast<double>(dims[d]) / static_cast<double>(std::max<std::int64_t>(x.dims[d], 1));
  } else {
    scales = scales_of(context, context.version() < 11 ? 1 : 2);
    if (scales.size() != x.rank()) refuse(Code::invalid_argument, "scales of another rank");
    for (std::size_t d = 0; d < x.rank(); ++d) {
      const double size = std::floor(static_cast<double>(x.dims[d]) * scales[d]);
      if (!(scales[d] > 0) || size > 1e9) refuse(Code::invalid_argument, "a scale out of range");
      dims[d] = static_cast<std::int64_t>(size);
    }
  }
  for (std::size_t d = 0; d < x.rank(); ++d)
    if (dims[d] < 0 || (x.dims[d] == 0 && dims[d] > 0))
      refuse(Code::invalid_argument, "sizes " + to_string(dims));
  elements_of(dims, sizeof(float), std::size_t{1} << 32);
  resize_by(context, how, dims, scales);
}

}  // namespace

void add_window_operators(std::vector<Operator>& to) {
  const Operator given[] = {
      {"MaxPool", 1, 12, {f32, f64, u8}, max_pool, "the output of indices"},
      {"AveragePool", 1, 11, {f32, f64}, average_pool, ""},
      {"GlobalMaxPool", 1, 1, {f32, f64}, global_max_pool, ""},
      {"Resize", 10, 13, {f32}, resize, "cubic, tf_crop_and_resize, sizes computed from data"},
      {"Upsample", 7, 9, {f32}, resize, "scales computed from data"},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
