// An element-wise step becomes part of the convolution or matrix product that it reads.
#pragma once

#include "serving/onnx/program.h"

namespace troika::onnx {

// Takes as much of `after`, which alone reads the result of `product` as its input `x`, into
// `product` as it can; true when nothing of it is left: `product` then writes what `after` wrote.
bool absorb(Program& program, Step& product, Step& after, std::size_t x);

}  // namespace troika::onnx
