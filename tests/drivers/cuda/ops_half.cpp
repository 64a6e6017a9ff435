// Floating point of 16 bits, alone and in pairs. Every result is that of one rounding.
#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/half.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

// In float, sums, differences and products of halves need at most one more rounding than they have
// room for; a fused multiply-add needs double.
struct Add {
  float operator()(float a, float b) const { return a + b; }
};
struct Sub {
  float operator()(float a, float b) const { return a - b; }
};
struct Mul {
  float operator()(float a, float b) const { return a * b; }
};
struct Min {
  float operator()(float a, float b) const {
    return a == b ? (std::signbit(a) ? a : b) : std::fmin(a, b);
  }
};
struct Max {
  float operator()(float a, float b) const {
    return a == b ? (std::signbit(a) ? b : a) : std::fmax(a, b);
  }
};
struct Ex2 {
  float operator()(float a) const { return std::exp2(a); }
};
struct Tanh {
  float operator()(float a) const { return std::tanh(a); }
};
struct Abs {
  float operator()(float a) const { return std::fabs(a); }
};
struct Neg {
  float operator()(float a) const { return -a; }
};
struct Fma {
  double operator()(float a, float b, float c) const {
    return static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c);
  }
};

template <class F, int operands, bool relu>
Half result(Half a, Half b, Half c) {
  const auto value = [&] {
    if constexpr (operands == 1) return F()(static_cast<float>(a));
    else if constexpr (operands == 2) return F()(static_cast<float>(a), static_cast<float>(b));
    else return F()(static_cast<float>(a), static_cast<float>(b), static_cast<float>(c));
  }();
  const Half rounded = static_cast<Half>(value);
  return relu && !(rounded > Half{0}) && !std::isnan(value) ? Half{0} : rounded;
}

template <class F, int operands, int halves, bool relu>
void compute(Warp& warp, const Instruction& i, Mask mask) {
  Half* const to = warp.lanes<Half>(i.to[0]);
  const Half *const a = warp.lanes<Half>(i.from[0]), *const b = warp.lanes<Half>(i.from[1]),
                    *const c = warp.lanes<Half>(i.from[2]);
  const bool sat = (i.detail & 1) != 0;
  for_lanes(mask, [=](int lane) {
    for (int n = lane * halves; n < (lane + 1) * halves; ++n) {
      Half value = result<F, operands, relu>(a[n], operands > 1 ? b[n] : Half{},
                                             operands > 2 ? c[n] : Half{});
      if (sat) value = !(value > Half{0}) ? Half{0} : value > Half{1} ? Half{1} : value;
      to[n] = value;
    }
  });
}

template <class F, int operands>
std::optional<Form> form(ptx::Type type, bool sat, bool relu) {
  Form made{nullptr, {type}, {}};
  if (type.bytes == 2)
    made.handler = relu ? &compute<F, operands, 1, true> : &compute<F, operands, 1, false>;
  else made.handler = relu ? &compute<F, operands, 2, true> : &compute<F, operands, 2, false>;
  made.from.assign(operands, type);
  made.detail = sat ? 1 : 0;
  return made;
}

}  // namespace

std::optional<Form> half_form(Mnemonic m) {
  const std::string_view op = m.op();
  ptx::Type type;
  if (m.take("f16")) type = {ptx::Type::Kind::floating, 2};
  else if (m.take("f16x2")) type = {ptx::Type::Kind::floating, 4};
  else return std::nullopt;
  const bool rn = m.take("rn"), sat = m.take("sat"), relu = m.take("relu"),
             approx = m.take("approx");
  if (!m.empty() || (relu && op != "fma")) return std::nullopt;
  if (!approx) {
    if (op == "add") return form<Add, 2>(type, sat, false);
    if (op == "sub") return form<Sub, 2>(type, sat, false);
    if (op == "mul") return form<Mul, 2>(type, sat, false);
    if (op == "fma" && rn) return form<Fma, 3>(type, sat, relu);
    if (rn || sat) return std::nullopt;
    if (op == "min") return form<Min, 2>(type, false, false);
    if (op == "max") return form<Max, 2>(type, false, false);
    if (op == "abs") return form<Abs, 1>(type, false, false);
    if (op == "neg") return form<Neg, 1>(type, false, false);
  } else if (!rn && !sat) {
    if (op == "ex2") return form<Ex2, 1>(type, false, false);
    if (op == "tanh") return form<Tanh, 1>(type, false, false);
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
