// cvt: between integers and floats of all widths.
#include <algorithm>
#include <array>
#include <cfenv>
#include <limits>
#include <type_traits>
#include <utility>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/half.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

// Instruction::detail: rounding (0 none, 1 to 4: rn rz rm rp, 5 to 8: to an integer), flush,
// saturate.
constexpr std::uint8_t rounding_bits = 15, ftz_bit = 16, sat_bit = 32;
constexpr std::array<int, 4> directions{FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};

template <class T>
constexpr bool is_floating = !std::is_integral_v<T>;

double to_integral(double value, std::uint8_t rounding) {
  switch (rounding) {
    case 5: return std::nearbyint(value);
    case 6: return std::trunc(value);
    case 7: return std::floor(value);
    default: return std::ceil(value);
  }
}

// Integers of floats are clamped to their range, whether ".sat" is said or not; no number is 0.
template <class D>
D clamped(double value) {
  if (std::isnan(value))
    return std::numeric_limits<D>::digits >= 63 ? std::numeric_limits<D>::min() : D{0};
  constexpr double top =
      std::numeric_limits<D>::digits >= 64
          ? 18446744073709551616.0
          : static_cast<double>(std::uint64_t{1} << std::numeric_limits<D>::digits);
  if (value >= top) return std::numeric_limits<D>::max();
  if (value < static_cast<double>(std::numeric_limits<D>::min()))
    return std::numeric_limits<D>::min();
  return static_cast<D>(value);
}

template <class D, class S>
D saturated(S value) {
  if constexpr (std::is_unsigned_v<D> && std::is_signed_v<S>) {
    if (value < 0) return 0;
  }
  using Limits = std::numeric_limits<D>;
  if (std::cmp_greater(value, Limits::max())) return Limits::max();
  if (std::cmp_less(value, Limits::min())) return Limits::min();
  return static_cast<D>(value);
}

template <class T>
T flushed(T value) {
  return value != 0 && std::fabs(static_cast<double>(value)) <
                           static_cast<double>(std::numeric_limits<float>::min())
             ? static_cast<T>(std::copysign(0.0, static_cast<double>(value)))
             : value;
}

// A half is rounded from a wider type in directions that the processor's mode does not reach.
Half half_of(double value, std::uint8_t rounding) {
  Half near = static_cast<Half>(value);
  const auto step = [&](bool up) {
    std::int16_t bits = std::bit_cast<std::int16_t>(near);
    if (near == Half{0})
      return std::bit_cast<Half>(static_cast<std::int16_t>(up ? 1 : 0x8001 - 0x10000));
    bits = static_cast<std::int16_t>(bits + (up == (bits >= 0) ? 1 : -1));
    return std::bit_cast<Half>(bits);
  };
  const double got = static_cast<double>(near);
  const bool down = rounding == 3 || (rounding == 2 && value > 0),
             up = rounding == 4 || (rounding == 2 && value < 0);
  if (std::isnan(value) || got == value) return near;
  if (down && got > value) return step(false);
  if (up && got < value) return step(true);
  return near;
}

template <class D, class S>
D converted(S value, std::uint8_t detail) {
  const std::uint8_t rounding = detail & rounding_bits;
  if constexpr (!is_floating<D> && !is_floating<S>) {
    return (detail & sat_bit) != 0 ? saturated<D>(value) : static_cast<D>(value);
  } else if constexpr (!is_floating<D>) {
    if ((detail & ftz_bit) != 0) value = flushed(value);
    return clamped<D>(to_integral(static_cast<double>(value), rounding));
  } else {
    if constexpr (is_floating<S>) {
      if ((detail & ftz_bit) != 0) value = flushed(value);
      if (rounding >= 5) value = static_cast<S>(to_integral(static_cast<double>(value), rounding));
    }
    D result;
    if constexpr (std::is_same_v<D, Half>) result = half_of(static_cast<double>(value), rounding);
    else result = static_cast<D>(value);
    if ((detail & ftz_bit) != 0) result = flushed(result);
    if ((detail & sat_bit) != 0) result = !(result > D{0}) ? D{0} : result > D{1} ? D{1} : result;
    return result;
  }
}

// D and S are the types converted; R and Q, unsigned, are as wide as the registers they lie in.
template <class D, class S, class R, class Q>
void cvt(Warp& warp, const Instruction& i, Mask mask) {
  R* const to = warp.lanes<R>(i.to[0]);
  const Q* const from = warp.lanes<Q>(i.from[0]);
  const std::uint8_t detail = i.detail, rounding = detail & rounding_bits;
  const bool turns = rounding >= 2 && rounding <= 4;
  if (turns) std::fesetround(directions[rounding - 1u]);
  for_lanes(mask, [=](int lane) {
    S value;
    if constexpr (is_floating<S>) value = std::bit_cast<S>(from[lane]);
    else value = static_cast<S>(from[lane]);
    const D result = converted<D, S>(value, detail);
    if constexpr (is_floating<D>) to[lane] = std::bit_cast<R>(result);
    else to[lane] = static_cast<R>(result);  // signed ones fill a wider register with their sign
  });
  if (turns) std::fesetround(FE_TONEAREST);
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;

template <class F>
Handler by_width(std::uint8_t bytes, F&& f) {
  return bytes == 2   ? f(Of<std::uint16_t>())
         : bytes == 4 ? f(Of<std::uint32_t>())
                      : f(Of<std::uint64_t>());
}

// Calls f(Of<T>(), Of<register type>()) for each type and width of register it may lie in.
template <class F>
Handler with_value(ptx::Type type, std::uint8_t width, F&& f) {
  if (type.kind == ptx::Type::Kind::floating) {
    if (type.bytes != width) return nullptr;
    return type.bytes == 2   ? f(Of<Half>(), Of<std::uint16_t>())
           : type.bytes == 4 ? f(Of<float>(), Of<std::uint32_t>())
                             : f(Of<double>(), Of<std::uint64_t>());
  }
  if (width < type.bytes) return nullptr;
  return with_integer<Handler>(type, [&]<class T>(Of<T> value) {
    return by_width(width, [&]<class R>(Of<R> in) -> Handler {
      if constexpr (sizeof(R) >= sizeof(T)) return f(value, in);
      return nullptr;
    });
  });
}

struct Pack {
  std::uint32_t operator()(float high, float low) const {
    const auto bits = [](float value) {
      return std::uint32_t{std::bit_cast<std::uint16_t>(static_cast<Half>(value))};
    };
    return bits(high) << 16 | bits(low);
  }
};

}  // namespace

Handler conversion(ptx::Type to, std::uint8_t to_width, ptx::Type from, std::uint8_t from_width) {
  return with_value(to, to_width, [&]<class D, class R>(Of<D>, Of<R>) {
    return with_value(from, from_width,
                      []<class S, class Q>(Of<S>, Of<Q>) -> Handler { return &cvt<D, S, R, Q>; });
  });
}

std::optional<Form> convert_form(Mnemonic m) {
  if (m.op() != "cvt" || m.parts().size() < 2) return std::nullopt;
  const auto from = m.take_type();
  if (m.take("f16x2")) {
    if (!from || *from != types::f32 || !m.take("rn") || !m.empty()) return std::nullopt;
    return Form{&binary<Pack, std::uint32_t, float, float>, {types::b32}, {*from, *from}};
  }
  const auto to = m.take_type();
  const auto rounding = m.take_one_of({"rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi"});
  const bool ftz = m.take("ftz"), sat = m.take("sat");
  if (!from || !to || !m.empty() || from->kind == ptx::Type::Kind::bits ||
      to->kind == ptx::Type::Kind::bits)
    return std::nullopt;
  const bool from_float = from->kind == ptx::Type::Kind::floating,
             to_float = to->kind == ptx::Type::Kind::floating;
  const bool to_integral = rounding.value_or(0) >= 4;
  // A rounding is said exactly where something is lost.
  const bool narrows = to_float && (!from_float || to->bytes < from->bytes);
  if (from_float && !to_float && !to_integral) return std::nullopt;
  if (!from_float && !to_float && (rounding || ftz)) return std::nullopt;
  if (narrows && (!rounding || to_integral)) return std::nullopt;
  if (from_float && to_float && !narrows && rounding && !(to_integral && to->bytes == from->bytes))
    return std::nullopt;
  if (ftz && *from != types::f32 && *to != types::f32) return std::nullopt;
  Form form{conversion(*to, std::max<std::uint8_t>(to->bytes, 2), *from,
                       std::max<std::uint8_t>(from->bytes, 2)),
            {*to},
            {*from},
            true};
  form.detail = static_cast<std::uint8_t>((rounding ? *rounding + 1 : 0) | (ftz ? ftz_bit : 0u) |
                                          (sat ? sat_bit : 0u));
  if (form.handler == nullptr) return std::nullopt;
  return form;
}

}  // namespace cuda_emulator
