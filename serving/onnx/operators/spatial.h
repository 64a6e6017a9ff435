// Attributes of operators that look through windows: Conv and pooling.
#pragma once

#include "serving/onnx/context.h"

namespace troika::onnx {

// One entry a spatial dimension.
struct Spatial {
  Dims kernel, strides, dilations, pads_begin, pads_end;

  // Places that a window has in `size` elements; throws Code::invalid_argument when it has none.
  std::int64_t places(std::size_t d, std::int64_t size, bool round_up) const;
};

// Reads strides, dilations, pads and auto_pad for input x. Throws Code::invalid_argument.
Spatial spatial_of(const Context& context, const Array& x, const Dims& kernel);

}  // namespace troika::onnx
