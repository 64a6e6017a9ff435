// Dimensions, and tensors in the host's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "serving/onnx/type.h"

namespace troika::onnx {

using Dims = std::vector<std::int64_t>;

// Throws Error{code, what}: whoever knows node or tensor adds its name.
[[noreturn]] void refuse(Code code, const std::string& what);

std::string to_string(const Dims& dims);  // "2x3x4"; "scalar"
// Product; throws Code::invalid_argument for a negative dimension, Code::exhausted when elements of
// `element_bytes` would be more than `bytes_max`.
std::int64_t elements_of(const Dims& dims, std::size_t element_bytes, std::size_t bytes_max);
// Product of dimensions that have been checked.
std::int64_t elements_of(const Dims& dims) noexcept;
Dims row_major_strides(const Dims& dims);
// NumPy's rule; throws Code::invalid_argument when they do not fit.
Dims broadcast_of(const Dims& a, const Dims& b);
// An axis, negative ones counted from behind; throws Code::invalid_argument outside [-rank, rank).
std::size_t axis_of(std::int64_t axis, std::size_t rank);

// Row-major elements that nobody changes once it is made. Copies share them.
struct Tensor {
  ElementType type = ElementType::f32;
  Dims dims;
  std::shared_ptr<std::byte> data;  // 64-byte aligned; never null

  std::size_t size() const noexcept { return static_cast<std::size_t>(elements_of(dims)); }
  std::size_t bytes() const noexcept { return size() * size_of(type); }
  template <class T>
  std::span<const T> as() const noexcept {
    return {reinterpret_cast<const T*>(data.get()), size()};
  }
  template <class T>
  std::span<T> mutable_as() noexcept {
    return {reinterpret_cast<T*>(data.get()), size()};
  }
};

// Its elements are zero.
Tensor make_tensor(ElementType type, Dims dims);
template <class T>
Tensor tensor_of(Dims dims, std::span<const T> values) {
  Tensor made = make_tensor(element_type<T>(), std::move(dims));
  std::copy(values.begin(), values.end(), made.mutable_as<T>().begin());
  return made;
}

// A tensor of the caller's: row-major elements in memory that stays as long as it is used.
struct TensorRef {
  ElementType type = ElementType::f32;
  Dims dims;
  std::byte* data = nullptr;

  TensorRef() = default;
  TensorRef(ElementType of, Dims shape, std::byte* at) noexcept
      : type{of}, dims{std::move(shape)}, data{at} {}
  template <class T>
  TensorRef(Dims shape, T* at) noexcept
      : type{element_type<T>()}, dims{std::move(shape)}, data{reinterpret_cast<std::byte*>(at)} {}
};

}  // namespace troika::onnx
