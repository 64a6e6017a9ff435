// From a mnemonic to the handler that executes it and the types of its operands.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/drivers/cuda/program.h"

namespace cuda_emulator {

// The parts of "setp.lt.and.s32", taken one by one; what is left at the end is not understood.
class Mnemonic {
 public:
  explicit Mnemonic(std::string_view text);
  std::string_view op() const { return op_; }
  // The last part names a type in nearly all: takes it.
  std::optional<ptx::Type> take_type();
  bool take(std::string_view part);
  // The first of the parts that is there, and is taken: its index, or none.
  std::optional<std::size_t> take_one_of(std::initializer_list<std::string_view> parts);
  bool empty() const { return parts_.empty(); }
  const std::vector<std::string_view>& parts() const { return parts_; }

 private:
  std::string_view op_;
  std::vector<std::string_view> parts_;
};

struct Form {
  Handler handler = nullptr;
  std::vector<ptx::Type> to, from;
  bool any_width = false;  // registers may be wider than the types of their operands
  std::uint8_t detail = 0;
};

// One for each family; none for a mnemonic that is not the family's or that it does not know.
std::optional<Form> integer_form(Mnemonic m);
std::optional<Form> carry_form(Mnemonic m);
std::optional<Form> bits_form(Mnemonic m);
std::optional<Form> float_form(Mnemonic m);
std::optional<Form> half_form(Mnemonic m);
std::optional<Form> compare_form(Mnemonic m);
std::optional<Form> convert_form(Mnemonic m);
std::optional<Form> warp_form(Mnemonic m);

// The handler of a cvt whose operands lie in registers of these widths.
Handler conversion(ptx::Type to, std::uint8_t to_width, ptx::Type from, std::uint8_t from_width);

// The form of any instruction on registers alone.
std::optional<Form> register_form(std::string_view mnemonic);

namespace types {
inline constexpr ptx::Type pred{ptx::Type::Kind::predicate, 0};
inline constexpr ptx::Type b16{ptx::Type::Kind::bits, 2}, b32{ptx::Type::Kind::bits, 4},
    b64{ptx::Type::Kind::bits, 8};
inline constexpr ptx::Type f32{ptx::Type::Kind::floating, 4}, f64{ptx::Type::Kind::floating, 8};
}  // namespace types

template <class T>
struct Of {
  using type = T;
};

// f(Of<T>()) for the C++ type of an integer type; bits count as unsigned. An empty result for
// others.
template <class R, class F>
R with_integer(ptx::Type type, F&& f) {
  const bool is_signed = type.kind == ptx::Type::Kind::signed_;
  if (type.kind == ptx::Type::Kind::floating || type.kind == ptx::Type::Kind::predicate) return R{};
  switch (type.bytes) {
    case 1: return is_signed ? f(Of<std::int8_t>()) : f(Of<std::uint8_t>());
    case 2: return is_signed ? f(Of<std::int16_t>()) : f(Of<std::uint16_t>());
    case 4: return is_signed ? f(Of<std::int32_t>()) : f(Of<std::uint32_t>());
    case 8: return is_signed ? f(Of<std::int64_t>()) : f(Of<std::uint64_t>());
    default: return R{};
  }
}

}  // namespace cuda_emulator
