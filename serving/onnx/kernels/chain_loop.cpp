#include "serving/onnx/kernels/chain_loop.h"

#include "serving/onnx/kernels/math.h"
#include "wide.h"

namespace troika::onnx {
namespace {

constexpr std::int64_t block = 128;

template <class T, class F>
[[gnu::always_inline]] inline void each(T* __restrict out, const T* a, const T* b, std::int64_t n,
                                        F f) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}
template <class T, class F>
[[gnu::always_inline]] inline void each(T* __restrict out, const T* a, std::int64_t n, F f) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
}

template <class T>
[[gnu::always_inline]] inline void binary(Math op, T* __restrict o, const T* a, const T* b,
                                          std::int64_t n) {
  switch (op) {
    case Math::add: return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x + y); });
    case Math::sub: return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x - y); });
    case Math::mul: return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x * y); });
    case Math::div: return each(o, a, b, n, [](T x, T y) { return quotient(x, y); });
    case Math::min: return each(o, a, b, n, [](T x, T y) { return x < y ? x : y; });
    case Math::max: return each(o, a, b, n, [](T x, T y) { return x > y ? x : y; });
    case Math::pow:
      return each(o, a, b, n, [](T x, T y) {
        return converted<T>(std::pow(static_cast<double>(x), static_cast<double>(y)));
      });
    case Math::mod: return each(o, a, b, n, [](T x, T y) { return remainder_like_divisor(x, y); });
    case Math::fmod:
      return each(o, a, b, n, [](T x, T y) { return remainder_like_dividend(x, y); });
    default: break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (op == Math::bit_and)
      return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x & y); });
    if (op == Math::bit_or) return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x | y); });
    if (op == Math::bit_xor)
      return each(o, a, b, n, [](T x, T y) { return static_cast<T>(x ^ y); });
  }
}

template <class T>
[[gnu::always_inline]] inline void floating(Math op, T* __restrict o, const T* a, std::int64_t n) {
  switch (op) {
    case Math::sqrt: return each(o, a, n, [](T x) { return std::sqrt(x); });
    case Math::exp: return each(o, a, n, [](T x) { return exp_of(x); });
    case Math::log: return each(o, a, n, [](T x) { return std::log(x); });
    case Math::floor: return each(o, a, n, [](T x) { return std::floor(x); });
    case Math::ceil: return each(o, a, n, [](T x) { return std::ceil(x); });
    case Math::round: return each(o, a, n, [](T x) { return std::nearbyint(x); });
    case Math::sin: return each(o, a, n, [](T x) { return std::sin(x); });
    case Math::cos: return each(o, a, n, [](T x) { return std::cos(x); });
    case Math::tan: return each(o, a, n, [](T x) { return std::tan(x); });
    case Math::asin: return each(o, a, n, [](T x) { return std::asin(x); });
    case Math::acos: return each(o, a, n, [](T x) { return std::acos(x); });
    case Math::atan: return each(o, a, n, [](T x) { return std::atan(x); });
    case Math::sinh: return each(o, a, n, [](T x) { return std::sinh(x); });
    case Math::cosh: return each(o, a, n, [](T x) { return std::cosh(x); });
    case Math::asinh: return each(o, a, n, [](T x) { return std::asinh(x); });
    case Math::acosh: return each(o, a, n, [](T x) { return std::acosh(x); });
    case Math::atanh: return each(o, a, n, [](T x) { return std::atanh(x); });
    case Math::tanh: return each(o, a, n, [](T x) { return tanh_of(x); });
    case Math::sigmoid: return each(o, a, n, [](T x) { return sigmoid_of(x); });
    case Math::erf: return each(o, a, n, [](T x) { return erf_of(x); });
    default: break;
  }
}

template <class T>
[[gnu::always_inline]] inline void unary(Math op, T* __restrict o, const T* a, std::int64_t n) {
  switch (op) {
    case Math::neg: return each(o, a, n, [](T x) { return static_cast<T>(T{0} - x); });
    case Math::abs:
      return each(o, a, n, [](T x) { return x < T{0} ? static_cast<T>(T{0} - x) : x; });
    case Math::sign:
      return each(o, a, n, [](T x) { return static_cast<T>((x > T{0}) - (x < T{0})); });
    case Math::logical_not: return each(o, a, n, [](T x) { return static_cast<T>(x == T{0}); });
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) floating(op, o, a, n);
}

// A register for every input, instruction and constant; a block fits the first cache.
template <class T>
struct Registers {
  alignas(64) T values[Chain::code_max + Chain::inputs_max][block];
  alignas(64) T constants[Chain::code_max * 2][block];
};

template <class T>
T constant_of(std::int64_t bits) noexcept {
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(std::bit_cast<double>(bits));
  else return static_cast<T>(bits);
}

template <class T>
struct ChainBody {
  [[gnu::always_inline]] static inline void run(
      const std::int64_t* code, const std::array<ChainInput<T>, Chain::inputs_max>& in, int inputs,
      T* out, std::int64_t out_stride, std::int64_t count) {
    Registers<T> registers;
    const std::int64_t instructions = code[0], constants = code[1];
    const std::int64_t* const steps = code + 2 + constants;
    const std::int64_t widest = std::min(block, count);
    for (std::int64_t c = 0; c < constants; ++c)
      std::fill_n(registers.constants[c], widest, constant_of<T>(code[2 + c]));
    const T* operands[Chain::code_max + Chain::inputs_max];
    for (std::int64_t at = 0; at < count; at += block) {
      const std::int64_t n = std::min(block, count - at);
      for (int i = 0; i < inputs; ++i) {
        const ChainInput<T>& from = in[static_cast<std::size_t>(i)];
        if (from.stride == 1) {
          operands[i] = from.data + at;
          continue;
        }
        T* const to = registers.values[i];
        if (from.stride == 0) std::fill_n(to, at == 0 ? n : 0, *from.data);
        else
          for (std::int64_t e = 0; e < n; ++e) to[e] = from.data[(at + e) * from.stride];
        operands[i] = to;
      }
      const auto operand = [&](std::int64_t which) {
        return which < 0 ? registers.constants[-1 - which] : operands[which];
      };
      for (std::int64_t s = 0; s < instructions; ++s) {
        const auto op = static_cast<Math>(steps[3 * s]);
        T* const to = registers.values[inputs + s];
        if (is_binary(op)) binary(op, to, operand(steps[3 * s + 1]), operand(steps[3 * s + 2]), n);
        else unary(op, to, operand(steps[3 * s + 1]), n);
        operands[inputs + s] = to;
      }
      const T* const result = operands[inputs + instructions - 1];
      for (std::int64_t e = 0; e < n; ++e) out[(at + e) * out_stride] = result[e];
    }
  }
};

}  // namespace

template <class T>
void run_chain(const std::int64_t* code, const std::array<ChainInput<T>, Chain::inputs_max>& in,
               int inputs, T* out, std::int64_t out_stride, std::int64_t count) {
  kernels::run_wide<ChainBody<T>>(code, in, inputs, out, out_stride, count);
}

#define TROIKA_CHAIN(T)                                                                    \
  template void run_chain<T>(const std::int64_t*,                                          \
                             const std::array<ChainInput<T>, Chain::inputs_max>&, int, T*, \
                             std::int64_t, std::int64_t);
TROIKA_CHAIN(float)
TROIKA_CHAIN(double)
TROIKA_CHAIN(std::int32_t)
TROIKA_CHAIN(std::int64_t)
TROIKA_CHAIN(std::uint8_t)
#undef TROIKA_CHAIN

}  // namespace troika::onnx
