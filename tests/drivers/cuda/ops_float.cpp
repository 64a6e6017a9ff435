// Floating point of 32 and 64 bits.
#include <cfenv>
#include <limits>
#include <type_traits>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

// How a result is rounded, and what becomes of denormals and of what lies outside [0, 1].
struct Mode {
  static constexpr std::uint8_t ftz = 4, sat = 8;
  static int rounding(std::uint8_t detail) {
    static constexpr int all[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    return all[detail & 3];
  }
};

template <class T>
T flushed(T value) {
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(T{0}, value) : value;
}

template <class T>
T saturated(T value) {
  return std::isnan(value) ? T{0} : value < 0 ? T{0} : value > 1 ? T{1} : value;
}

template <class T>
struct Add {
  T operator()(T a, T b) const { return a + b; }
};
template <class T>
struct Sub {
  T operator()(T a, T b) const { return a - b; }
};
template <class T>
struct Mul {
  T operator()(T a, T b) const { return a * b; }
};
template <class T>
struct Div {
  T operator()(T a, T b) const { return a / b; }
};
template <class T>
struct Min {
  T operator()(T a, T b) const { return a == b ? (std::signbit(a) ? a : b) : std::fmin(a, b); }
};
template <class T>
struct Max {
  T operator()(T a, T b) const { return a == b ? (std::signbit(a) ? b : a) : std::fmax(a, b); }
};
template <class T>
struct CopySign {
  T operator()(T a, T b) const { return std::copysign(b, a); }
};
template <class T>
struct Fma {
  T operator()(T a, T b, T c) const { return std::fma(a, b, c); }
};
template <class T>
struct Abs {
  T operator()(T a) const { return std::fabs(a); }
};
template <class T>
struct Neg {
  T operator()(T a) const { return -a; }
};
template <class T>
struct Rcp {
  T operator()(T a) const { return T{1} / a; }
};
template <class T>
struct Sqrt {
  T operator()(T a) const { return std::sqrt(a); }
};
template <class T>
struct Rsqrt {
  T operator()(T a) const { return static_cast<T>(1 / std::sqrt(static_cast<double>(a))); }
};
template <class T>
struct Sin {
  T operator()(T a) const { return static_cast<T>(std::sin(static_cast<double>(a))); }
};
template <class T>
struct Cos {
  T operator()(T a) const { return static_cast<T>(std::cos(static_cast<double>(a))); }
};
template <class T>
struct Lg2 {
  T operator()(T a) const { return static_cast<T>(std::log2(static_cast<double>(a))); }
};
template <class T>
struct Ex2 {
  T operator()(T a) const { return static_cast<T>(std::exp2(static_cast<double>(a))); }
};
template <class T>
struct Tanh {
  T operator()(T a) const { return static_cast<T>(std::tanh(static_cast<double>(a))); }
};

// Calls the handler's loop with the modes of the instruction; the plain one is the fast one.
template <class T, class Loop>
void with_modes(const Instruction& i, Mask mask, T* to, Loop loop) {
  const int rounding = Mode::rounding(i.detail);
  if (rounding != FE_TONEAREST) std::fesetround(rounding);
  loop((i.detail & Mode::ftz) != 0);
  if (rounding != FE_TONEAREST) std::fesetround(FE_TONEAREST);
  if ((i.detail & Mode::ftz) != 0) for_lanes(mask, [=](int lane) { to[lane] = flushed(to[lane]); });
  if ((i.detail & Mode::sat) != 0)
    for_lanes(mask, [=](int lane) { to[lane] = saturated(to[lane]); });
}

template <class F, class T, int operands>
void compute(Warp& warp, const Instruction& i, Mask mask) {
  T* const to = warp.lanes<T>(i.to[0]);
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]),
                 *const c = warp.lanes<T>(i.from[2]);
  with_modes(i, mask, to, [=](bool ftz) {
    const auto in = [ftz](T value) { return ftz ? flushed(value) : value; };
    for_lanes(mask, [=](int lane) {
      if constexpr (operands == 1) to[lane] = F()(in(a[lane]));
      else if constexpr (operands == 2) to[lane] = F()(in(a[lane]), in(b[lane]));
      else to[lane] = F()(in(a[lane]), in(b[lane]), in(c[lane]));
    });
  });
}

template <class F, class T, int operands>
void plain(Warp& warp, const Instruction& i, Mask mask) {
  if (i.detail != 0) return compute<F, T, operands>(warp, i, mask);
  if constexpr (operands == 1) unary<F, T, T>(warp, i, mask);
  else if constexpr (operands == 2) binary<F, T, T, T>(warp, i, mask);
  else ternary<F, T, T, T, T>(warp, i, mask);
}

template <class T>
bool tested(std::uint8_t what, T value) {
  switch (what) {
    case 0: return std::isfinite(value);
    case 1: return std::isinf(value);
    case 2: return !std::isnan(value);
    case 3: return std::isnan(value);
    case 4: return std::isnormal(value) || value == 0;
    default: return std::fpclassify(value) == FP_SUBNORMAL;
  }
}

template <class T>
void testp(Warp& warp, const Instruction& i, Mask mask) {
  const T* const a = warp.lanes<T>(i.from[0]);
  Mask result = 0;
  for_lanes(mask,
            [&](int lane) { result |= static_cast<Mask>(tested(i.detail, a[lane])) << lane; });
  write_predicate(warp, i.to[0], mask, result);
}

template <template <class> class F, int operands>
std::optional<Form> form(ptx::Type type, std::uint8_t detail) {
  Form made{
      type.bytes == 4 ? &plain<F<float>, float, operands> : &plain<F<double>, double, operands>,
      {type},
      {}};
  made.from.assign(operands, type);
  made.detail = detail;
  return made;
}

struct Modes {
  std::optional<std::size_t> rounding;
  bool ftz, sat, approx, full;
  std::uint8_t detail() const {
    return static_cast<std::uint8_t>(rounding.value_or(0) | (ftz ? Mode::ftz : 0u) |
                                     (sat ? Mode::sat : 0u));
  }
};

// What needs a rounding or ".approx" in its name, and what has none.
std::optional<Form> arithmetic(std::string_view op, ptx::Type type, const Modes& modes) {
  const std::uint8_t detail = modes.detail();
  const bool approximate = modes.approx || modes.full;
  if (!approximate && op == "add") return form<Add, 2>(type, detail);
  if (!approximate && op == "sub") return form<Sub, 2>(type, detail);
  if (!approximate && op == "mul") return form<Mul, 2>(type, detail);
  if (!approximate && modes.rounding && (op == "fma" || op == "mad"))
    return form<Fma, 3>(type, detail);
  if (modes.sat) return std::nullopt;
  const bool single = type.bytes == 4;
  if (op == "div" && (modes.rounding.has_value() != approximate) && (single || !approximate))
    return form<Div, 2>(type, detail);
  if (modes.full) return std::nullopt;
  if (op == "rcp" && modes.rounding.has_value() != approximate) return form<Rcp, 1>(type, detail);
  if (op == "sqrt" && modes.rounding.has_value() != approximate) return form<Sqrt, 1>(type, detail);
  if (op == "rsqrt" && approximate) return form<Rsqrt, 1>(type, detail);
  if (modes.rounding) return std::nullopt;
  if (approximate && single) {
    if (op == "sin") return form<Sin, 1>(type, detail);
    if (op == "cos") return form<Cos, 1>(type, detail);
    if (op == "lg2") return form<Lg2, 1>(type, detail);
    if (op == "ex2") return form<Ex2, 1>(type, detail);
    if (op == "tanh") return form<Tanh, 1>(type, detail);
  }
  if (approximate) return std::nullopt;
  if (op == "min") return form<Min, 2>(type, detail);
  if (op == "max") return form<Max, 2>(type, detail);
  if (op == "abs") return form<Abs, 1>(type, detail);
  if (op == "neg") return form<Neg, 1>(type, detail);
  if (op == "copysign" && !modes.ftz) return form<CopySign, 2>(type, detail);
  return std::nullopt;
}

}  // namespace

std::optional<Form> float_form(Mnemonic m) {
  const auto type = m.take_type();
  if (!type || type->kind != ptx::Type::Kind::floating || type->bytes < 4 || m.parts().size() > 3)
    return std::nullopt;
  const std::string_view op = m.op();
  if (op == "testp") {
    const auto what =
        m.take_one_of({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
    if (!what || !m.empty()) return std::nullopt;
    return Form{type->bytes == 4 ? &testp<float> : &testp<double>,
                {types::pred},
                {*type},
                false,
                static_cast<std::uint8_t>(*what)};
  }
  const Modes modes{m.take_one_of({"rn", "rz", "rm", "rp"}), m.take("ftz"), m.take("sat"),
                    m.take("approx"), m.take("full")};
  if (!m.empty() || (type->bytes == 8 && ((modes.ftz && !modes.approx) || modes.sat)))
    return std::nullopt;
  return arithmetic(op, *type, modes);
}

}  // namespace cuda_emulator
