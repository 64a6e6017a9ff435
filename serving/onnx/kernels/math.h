// Functions of one element, in a form that compilers make vector code of.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "serving/onnx/chain.h"

namespace troika::onnx {

// e^x within two units in the last place: 2^n times a polynomial of the rest (Cephes, expf).
[[gnu::always_inline]] inline float exp_of(float x) {
  const float at = std::min(std::max(x, -87.3F), 88.7F);
  const float n = std::floor(at * 1.44269504F + 0.5F);
  const float r = at - n * 0.693359375F + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  // In two steps: 2^128 is no float.
  const auto half = static_cast<std::int32_t>(n) >> 1;
  const auto rest = static_cast<std::int32_t>(n) - half;
  const float scaled =
      p * std::bit_cast<float>((half + 127) << 23) * std::bit_cast<float>((rest + 127) << 23);
  return x < -103.9F  ? 0.0F
         : x > 88.73F ? std::numeric_limits<float>::infinity()
         : x != x     ? x
                      : scaled;
}
inline double exp_of(double x) { return std::exp(x); }

// Cephes, tanhf: a polynomial near zero, where the quotient would cancel.
[[gnu::always_inline]] inline float tanh_of(float x) {
  const float z = x * x;
  float p = -5.70498872745e-3F;
  p = p * z + 2.06390887954e-2F;
  p = p * z - 5.37397155531e-2F;
  p = p * z + 1.33314422036e-1F;
  p = p * z - 3.33332819422e-1F;
  p = p * z * x + x;
  const float q = 1.0F - 2.0F / (exp_of(2.0F * std::abs(x)) + 1.0F);
  return std::abs(x) < 0.625F ? p : std::copysign(q, x);
}
inline double tanh_of(double x) { return std::tanh(x); }

template <class T>
[[gnu::always_inline]] inline T sigmoid_of(T x) {
  return T{1} / (T{1} + exp_of(-x));
}

// Abramowitz and Stegun, 7.1.26: within 1.5e-7.
[[gnu::always_inline]] inline float erf_of(float x) {
  const float a = std::abs(x);
  const float t = 1.0F / (1.0F + 0.3275911F * a);
  float p = 1.061405429F;
  p = p * t - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  return std::copysign(1.0F - p * t * exp_of(-a * a), x);
}
inline double erf_of(double x) { return std::erf(x); }

// Integers that do not fit become the nearest that does, as OpenCL's convert_*_sat.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (value != value) return To{};
    if (value <= static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    if (value >= static_cast<From>(std::numeric_limits<To>::max()))
      return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

// Integers: no division by zero, no overflow; what has no result is 0.
template <class T>
[[gnu::always_inline]] inline T quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a / b;
  else if constexpr (std::is_signed_v<T>)
    return b == 0    ? T{0}
           : b == -1 ? static_cast<T>(T{0} - static_cast<std::make_unsigned_t<T>>(a))
                     : static_cast<T>(a / b);
  else return b == 0 ? T{0} : static_cast<T>(a / b);
}
template <class T>
inline T remainder_like_dividend(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return std::fmod(a, b);
  else return b == 0 || static_cast<std::int64_t>(b) == -1 ? T{0} : static_cast<T>(a % b);
}
template <class T>
inline T remainder_like_divisor(T a, T b) {
  const T rest = remainder_like_dividend(a, b);
  if constexpr (std::is_signed_v<T>)
    return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  else return rest;
}

}  // namespace troika::onnx
