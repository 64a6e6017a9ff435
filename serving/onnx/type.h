// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/device/kernel.h"

namespace troika::onnx {

enum class ElementType : std::uint8_t { f32, f64, i8, u8, i16, u16, i32, u32, i64, u64, boolean };

std::string_view name_of(ElementType type) noexcept;  // "f32"; "bool"
std::size_t size_of(ElementType type) noexcept;       // bytes of one element
// How Troika's kernels see it: a boolean is a u8 of 0 or 1.
Type storage_of(ElementType type) noexcept;
// From onnx.TensorProto.DataType; none for types that are not read (strings, halves, complex).
std::optional<ElementType> element_type_of(int onnx_type) noexcept;

template <class T>
constexpr ElementType element_type() noexcept {
  if constexpr (std::is_same_v<T, bool>) return ElementType::boolean;
  else if constexpr (std::is_same_v<T, float>) return ElementType::f32;
  else if constexpr (std::is_same_v<T, double>) return ElementType::f64;
  else if constexpr (std::is_same_v<T, std::int8_t>) return ElementType::i8;
  else if constexpr (std::is_same_v<T, std::uint8_t>) return ElementType::u8;
  else if constexpr (std::is_same_v<T, std::int16_t>) return ElementType::i16;
  else if constexpr (std::is_same_v<T, std::uint16_t>) return ElementType::u16;
  else if constexpr (std::is_same_v<T, std::int32_t>) return ElementType::i32;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return ElementType::u32;
  else if constexpr (std::is_same_v<T, std::int64_t>) return ElementType::i64;
  else {
    static_assert(std::is_same_v<T, std::uint64_t>, "no tensor has this element type");
    return ElementType::u64;
  }
}

}  // namespace troika::onnx
