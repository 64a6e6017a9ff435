// Runs a chain over rows of elements, a block at a time, so that what lies between stays in cache.
#pragma once

#include <array>
#include <cstdint>

#include "serving/onnx/chain.h"

namespace troika::onnx {

// One input of a row.
template <class T>
struct ChainInput {
  const T* data = nullptr;
  std::int64_t stride = 1;  // in elements; 0 repeats one
};

// `code` points at what encode() wrote. `out` may be one of the inputs.
template <class T>
void run_chain(const std::int64_t* code, const std::array<ChainInput<T>, Chain::inputs_max>& in,
               int inputs, T* out, std::int64_t out_stride, std::int64_t count);

}  // namespace troika::onnx
