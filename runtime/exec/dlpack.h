// Tensors of other frameworks in and out by DLPack, without a copy. Not part of troika.h: it needs
// <dlpack/dlpack.h> (Debian: libdlpack-dev).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <dlpack/dlpack.h>

#include "runtime/exec/runtime.h"

namespace troika {
namespace detail {

template <class T>
constexpr DLDataType dlpack_type() noexcept {
  static_assert(std::is_arithmetic_v<T>);
  const DLDataTypeCode code = std::is_floating_point_v<T> ? kDLFloat
                              : std::is_signed_v<T>       ? kDLInt
                                                          : kDLUInt;
  return {static_cast<std::uint8_t>(code), 8 * sizeof(T), 1};
}

// Elements of the tensor, when they lie on the host one behind the other in row-major order.
inline Result<std::size_t> dlpack_elements(const DLTensor& tensor, DLDataType wanted) {
  const auto refuse = [](Code code, const std::string& what) {
    return Status{code, "from_dlpack: " + what};
  };
  if (tensor.device.device_type != kDLCPU && tensor.device.device_type != kDLCUDAHost)
    return refuse(Code::unsupported, "a tensor on a device of DLPack's type " +
                                         std::to_string(tensor.device.device_type) +
                                         ", not in the host's memory");
  const DLDataType& type = tensor.dtype;
  if (type.code != wanted.code || type.bits != wanted.bits || type.lanes != wanted.lanes)
    return refuse(Code::invalid_argument,
                  "elements of type code " + std::to_string(type.code) + ", " +
                      std::to_string(type.bits) + " bits and " + std::to_string(type.lanes) +
                      " lanes; the buffer's are " + std::to_string(wanted.code) + ", " +
                      std::to_string(wanted.bits) + ", " + std::to_string(wanted.lanes));
  std::int64_t elements = 1;
  for (int d = tensor.ndim; d-- > 0;) {
    const std::int64_t size = tensor.shape[d];
    if (size <= 0 || elements > INT64_MAX / size)
      return refuse(Code::invalid_argument,
                    "dimension " + std::to_string(d) + " of " + std::to_string(size) + " elements");
    // Nobody steps along a dimension of one element.
    if (tensor.strides != nullptr && size != 1 && tensor.strides[d] != elements)
      return refuse(Code::unsupported, "dimension " + std::to_string(d) + " has a stride of " +
                                           std::to_string(tensor.strides[d]) +
                                           " elements, not of " + std::to_string(elements) +
                                           ": only compact row-major tensors are taken");
    elements *= size;
  }
  return static_cast<std::size_t>(elements);
}

}  // namespace detail

// The tensor's memory as a buffer of its elements in row-major order: no copy. Its deleter is
// called when the last handle has gone and nothing touches the memory any more. Throws, and leaves
// the tensor to the caller, Code::unsupported for one that is not compact or not in the host's
// memory, Code::invalid_argument for one of other elements, of none, or adopted already.
template <class T>
Buffer<T> from_dlpack(Runtime& runtime, DLManagedTensor* tensor) {
  const DLTensor& data = tensor->dl_tensor;
  const std::size_t elements =
      value_or_throw(detail::dlpack_elements(data, detail::dlpack_type<T>()));
  auto* const first = reinterpret_cast<T*>(static_cast<std::byte*>(data.data) + data.byte_offset);
  // Lets go of the tensor only once it is the buffer's.
  struct Owner {
    DLManagedTensor* tensor = nullptr;
    ~Owner() {
      if (tensor != nullptr && tensor->deleter != nullptr) tensor->deleter(tensor);
    }
  };
  const auto owner = std::make_shared<Owner>();
  Buffer<T> buffer = runtime.adopt(std::span{first, elements}, owner);
  owner->tensor = tensor;
  return buffer;
}

// The buffer's elements as Buffer::read() gives them, in a tensor of that shape, or of one
// dimension: no copy, and the tensor keeps the buffer alive until its deleter is called. What a
// later run writes there the tensor's user sees as it is written. Throws as read(), and
// Code::invalid_argument when the shape has another number of elements.
template <class T>
DLManagedTensor* to_dlpack(const Buffer<T>& buffer, std::vector<std::int64_t> shape = {}) {
  struct Exported {
    Buffer<T> buffer;
    std::vector<std::int64_t> shape;
    DLManagedTensor tensor;
  };
  if (shape.empty()) shape = {static_cast<std::int64_t>(buffer.size())};
  const std::span<const T> elements = buffer.read();
  auto exported = std::make_unique<Exported>(Exported{buffer, std::move(shape), {}});
  DLTensor& tensor = exported->tensor.dl_tensor;
  tensor.data = const_cast<T*>(elements.data());
  tensor.device = {kDLCPU, 0};
  tensor.ndim = static_cast<int>(exported->shape.size());
  tensor.dtype = detail::dlpack_type<T>();
  tensor.shape = exported->shape.data();
  const std::size_t shaped = value_or_throw(detail::dlpack_elements(tensor, tensor.dtype));
  if (shaped != elements.size())
    throw Error{Status{Code::invalid_argument, "to_dlpack: a shape of " + std::to_string(shaped) +
                                                   " elements for a buffer of " +
                                                   std::to_string(elements.size())}};
  exported->tensor.manager_ctx = exported.get();
  exported->tensor.deleter = [](DLManagedTensor* self) {
    delete static_cast<Exported*>(self->manager_ctx);
  };
  return &exported.release()->tensor;
}

}  // namespace troika
