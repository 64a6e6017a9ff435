#include "serving/onnx/tensor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace troika::onnx {

void refuse(Code code, const std::string& what) { throw Error{Status{code, what}}; }

std::string to_string(const Dims& dims) {
  if (dims.empty()) return "scalar";
  std::string text;
  for (const std::int64_t dim : dims) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

std::int64_t elements_of(const Dims& dims, std::size_t element_bytes, std::size_t bytes_max) {
  const std::size_t most =
      std::min<std::size_t>(bytes_max, std::numeric_limits<std::int64_t>::max());
  std::size_t count = 1;
  bool none = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0) refuse(Code::invalid_argument, "negative dimension in " + to_string(dims));
    if (dim == 0) none = true;
    else if (static_cast<std::size_t>(dim) > most / element_bytes / count)
      refuse(Code::exhausted, "a tensor of " + to_string(dims) + " is larger than " +
                                  std::to_string(bytes_max) + " bytes");
    else count *= static_cast<std::size_t>(dim);
  }
  return none ? 0 : static_cast<std::int64_t>(count);
}

std::int64_t elements_of(const Dims& dims) noexcept {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

Dims row_major_strides(const Dims& dims) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= dims[d];
  }
  return strides;
}

Dims broadcast_of(const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()));
  for (std::size_t d = 0; d < out.size(); ++d) {
    const std::int64_t x = d < a.size() ? a[a.size() - 1 - d] : 1;
    const std::int64_t y = d < b.size() ? b[b.size() - 1 - d] : 1;
    if (x != y && x != 1 && y != 1)
      refuse(Code::invalid_argument,
             to_string(a) + " and " + to_string(b) + " do not broadcast together");
    out[out.size() - 1 - d] = x == 1 ? y : x;
  }
  return out;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank)
    refuse(Code::invalid_argument,
           "axis " + std::to_string(axis) + " of a tensor of rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

Tensor make_tensor(ElementType type, Dims dims) {
  Tensor made{type, std::move(dims), nullptr};
  constexpr std::align_val_t alignment{64};
  const std::size_t bytes = std::max<std::size_t>(made.bytes(), 1);
  made.data = {static_cast<std::byte*>(::operator new(bytes, alignment)),
               [](std::byte* data) { ::operator delete (data, std::align_val_t{64}); }};
  std::memset(made.data.get(), 0, bytes);
  return made;
}

}  // namespace troika::onnx
