#include "serving/onnx/operators/spatial.h"

namespace troika::onnx {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 30;  // of any attribute: products fit

Dims attribute_or(const Context& context, std::string_view name, std::size_t count,
                  std::int64_t otherwise, std::int64_t least) {
  Dims values = context.integers(name);
  if (values.empty()) values.assign(count, otherwise);
  bool fit = values.size() == count;
  for (const std::int64_t value : values) fit = fit && value >= least && value <= most;
  if (!fit) refuse(Code::invalid_argument, std::string{name} + " " + to_string(values));
  return values;
}

// As many places as strides fit into the input, padding shared between both sides.
void pad_same(Spatial& spatial, const Array& x, bool more_in_front) {
  for (std::size_t d = 0; d < spatial.kernel.size(); ++d) {
    const std::int64_t size = x.dims[d + 2];
    const std::int64_t places = (size + spatial.strides[d] - 1) / spatial.strides[d];
    const std::int64_t reach = spatial.dilations[d] * (spatial.kernel[d] - 1) + 1;
    const std::int64_t padding =
        std::max<std::int64_t>((places - 1) * spatial.strides[d] + reach - size, 0);
    spatial.pads_begin[d] = more_in_front ? padding - padding / 2 : padding / 2;
    spatial.pads_end[d] = padding - spatial.pads_begin[d];
  }
}

}  // namespace

std::int64_t Spatial::places(std::size_t d, std::int64_t size, bool round_up) const {
  const std::int64_t room = size + pads_begin[d] + pads_end[d] - dilations[d] * (kernel[d] - 1) - 1;
  if (room < 0)
    refuse(Code::invalid_argument, "a window of " + to_string(kernel) + " does not fit");
  std::int64_t count = room / strides[d] + 1;
  // A last, partial place counts only when it begins within the input or the padding before it.
  if (round_up && room % strides[d] != 0 && count * strides[d] < size + pads_begin[d]) count += 1;
  return count;
}

Spatial spatial_of(const Context& context, const Array& x, const Dims& kernel) {
  const std::size_t count = x.rank() - 2;
  Spatial spatial;
  spatial.kernel = kernel;
  if (const Dims given = context.integers("kernel_shape"); !given.empty() && given != kernel)
    refuse(Code::invalid_argument,
           "kernel_shape " + to_string(given) + " of weights for " + to_string(kernel));
  for (const std::int64_t size : kernel)
    if (kernel.size() != count || size < 1 || size > most)
      refuse(Code::invalid_argument, "a window of " + to_string(kernel));
  spatial.strides = attribute_or(context, "strides", count, 1, 1);
  spatial.dilations = attribute_or(context, "dilations", count, 1, 1);
  const Dims pads = attribute_or(context, "pads", 2 * count, 0, 0);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(count);
  spatial.pads_begin.assign(pads.begin(), middle);
  spatial.pads_end.assign(middle, pads.end());
  const std::string automatic = context.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    pad_same(spatial, x, automatic == "SAME_LOWER");
  else if (automatic != "NOTSET" && automatic != "VALID" && !automatic.empty())
    refuse(Code::invalid_argument, "auto_pad " + automatic);
  return spatial;
}

}  // namespace troika::onnx
