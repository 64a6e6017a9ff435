// Floats of 32 and 64 bits: every rounding, flushed denormals, saturation, and approximations.
#include <cfenv>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

struct Rounding {
  const char* name;
  int mode;
};
constexpr Rounding roundings[] = {
    {"rn", FE_TONEAREST}, {"rz", FE_TOWARDZERO}, {"rm", FE_DOWNWARD}, {"rp", FE_UPWARD}};

// f of values that the compiler cannot see through, under a rounding.
template <class T, class F>
T rounded(int mode, F f, T a, T b, T c) {
  volatile T x = a, y = b, z = c;
  std::fesetround(mode);
  volatile T result = f(x, y, z);
  std::fesetround(FE_TONEAREST);
  return result;
}

float flushed(float a) { return std::fpclassify(a) == FP_SUBNORMAL ? std::copysign(0.0F, a) : a; }
float saturated(float a) { return a > 1 ? 1.0F : a > 0 ? a : 0.0F; }

template <class T>
struct Name;
template <>
struct Name<float> {
  static constexpr const char* type = "f32";
  static constexpr const char* registers[] = {" %rd, %ra;", " %rd, %ra, %rb;",
                                              " %rd, %ra, %rb, %rc;"};
};
template <>
struct Name<double> {
  static constexpr const char* type = "f64";
  static constexpr const char* registers[] = {" %ld, %la;", " %ld, %la, %lb;",
                                              " %ld, %la, %lb, %lc;"};
};

// "add" with each rounding, on `operands` operands.
template <class T, class F>
std::vector<Row> with_roundings(const std::string& op, int operands, F f) {
  std::vector<Row> rows;
  for (const Rounding& rounding : roundings) {
    rows.push_back(
        row(op + "." + rounding.name + "." + Name<T>::type + Name<T>::registers[operands - 1],
            [f, mode = rounding.mode](T a, T b, T c) { return rounded(mode, f, a, b, c); }));
  }
  return rows;
}

template <class T>
std::vector<std::vector<Row>> arithmetic() {
  return {with_roundings<T>("add", 2, [](T a, T b, T) { return a + b; }),
          with_roundings<T>("sub", 2, [](T a, T b, T) { return a - b; }),
          with_roundings<T>("mul", 2, [](T a, T b, T) { return a * b; }),
          with_roundings<T>("div", 2, [](T a, T b, T) { return a / b; }),
          with_roundings<T>("fma", 3, [](T a, T b, T c) { return std::fma(a, b, c); }),
          with_roundings<T>("rcp", 1, [](T a, T, T) { return 1 / a; }),
          with_roundings<T>("sqrt", 1, [](T a, T, T) { return std::sqrt(a); })};
}

TEST_F(Isa, floats_are_rounded_as_they_are_told) {
  for (const auto& rows : arithmetic<float>()) check(rows);
  for (const auto& rows : arithmetic<double>()) check(rows);
}

// The lesser zero is the negative one; a NaN loses.
template <class T>
T least(T a, T b) {
  return a == b ? (std::signbit(a) ? a : b) : std::fmin(a, b);
}
template <class T>
T greatest(T a, T b) {
  return a == b ? (std::signbit(a) ? b : a) : std::fmax(a, b);
}

TEST_F(Isa, floats_are_compared_and_their_signs_set) {
  check({
      row("min.f32 %rd, %ra, %rb;", [](float a, float b, float) { return least(a, b); }),
      row("max.f32 %rd, %ra, %rb;", [](float a, float b, float) { return greatest(a, b); }),
      row("abs.f32 %rd, %ra;", [](float a, float, float) { return std::fabs(a); }),
      row("neg.f32 %rd, %ra;", [](float a, float, float) { return -a; }),
      row("min.f64 %ld, %la, %lb;", [](double a, double b, double) { return least(a, b); }),
      row("max.f64 %ld, %la, %lb;", [](double a, double b, double) { return greatest(a, b); }),
      row("abs.f64 %ld, %la;", [](double a, double, double) { return std::fabs(a); }),
      row("neg.f64 %ld, %la;", [](double a, double, double) { return -a; }),
      // The sign of the first operand on the second.
      row("copysign.f32 %rd, %ra, %rb;",
          [](float a, float b, float) { return std::copysign(b, a); }),
      row("copysign.f64 %ld, %la, %lb;",
          [](double a, double b, double) { return std::copysign(b, a); }),
      row("testp.finite.f32 %p1, %ra; selp.u32 %rd, 1, 0, %p1;",
          [](float a, float, float) { return std::uint32_t{std::isfinite(a)}; }),
      row("testp.notanumber.f32 %p1, %ra; selp.u32 %rd, 1, 0, %p1;",
          [](float a, float, float) { return std::uint32_t{std::isnan(a)}; }),
      row("testp.subnormal.f32 %p1, %ra; selp.u32 %rd, 1, 0, %p1;",
          [](float a, float, float) { return std::uint32_t{std::fpclassify(a) == FP_SUBNORMAL}; }),
      row("testp.infinite.f64 %p1, %la; selp.u32 %rd, 1, 0, %p1;",
          [](double a, double, double) { return std::uint32_t{std::isinf(a)}; }),
  });
}

TEST_F(Isa, denormals_are_flushed_and_values_saturated_where_the_mnemonic_says_so) {
  const std::string small = "mul.f32 %ra, %ra, 0f00400000;";  // times 2^-127, a denormal
  constexpr double either_zero = 1e-30;
  const auto shrunk = [](float a) { return a * 0x1p-127F; };
  check({
      row(small + "add.ftz.f32 %rd, %ra, %rb;",
          [=](float a, float b, float) { return flushed(flushed(shrunk(a)) + flushed(b)); }),
      row(small + "mul.ftz.f32 %rd, %ra, %rb;",
          [=](float a, float b, float) { return flushed(flushed(shrunk(a)) * flushed(b)); }),
      row(small + "fma.rn.ftz.f32 %rd, %ra, %rb, %rc;",
          [=](float a, float b, float c) {
            return flushed(std::fma(flushed(shrunk(a)), flushed(b), flushed(c)));
          }),
      row(small + "abs.ftz.f32 %rd, %ra;",
          [=](float a, float, float) { return flushed(std::fabs(shrunk(a))); }),
      row(
          "add.sat.f32 %rd, %ra, %rb;", [](float a, float b, float) { return saturated(a + b); },
          either_zero),
      row(
          "mul.sat.f32 %rd, %ra, %rb;", [](float a, float b, float) { return saturated(a * b); },
          either_zero),
      row(
          "fma.rn.sat.f32 %rd, %ra, %rb, %rc;",
          [](float a, float b, float c) { return saturated(std::fma(a, b, c)); }, either_zero),
  });
}

TEST_F(Isa, approximations_are_near) {
  constexpr double near = 0x1p-20;
  // Within the range in which the vendor's document bounds the error of sines.
  const std::string clamped = "min.f32 %ra, %ra, 0f40400000; max.f32 %ra, %ra, 0fC0400000;";
  const auto clamp = [](float a) { return greatest(least(a, 3.0F), -3.0F); };
  check({
      row(
          "rcp.approx.f32 %rd, %ra;", [](float a, float, float) { return 1 / a; }, near),
      row(
          "sqrt.approx.f32 %rd, %ra;", [](float a, float, float) { return std::sqrt(a); }, near),
      row(
          "rsqrt.approx.f32 %rd, %ra;", [](float a, float, float) { return 1 / std::sqrt(a); },
          near),
      row(
          "lg2.approx.f32 %rd, %ra;", [](float a, float, float) { return std::log2(a); }, near),
      row(
          clamped + "ex2.approx.f32 %rd, %ra;",
          [=](float a, float, float) { return std::exp2(clamp(a)); }, near),
      row(
          clamped + "sin.approx.f32 %rd, %ra;",
          [=](float a, float, float) { return std::sin(clamp(a)); }, near),
      row(
          clamped + "cos.approx.f32 %rd, %ra;",
          [=](float a, float, float) { return std::cos(clamp(a)); }, near),
      row(
          "tanh.approx.f32 %rd, %ra;", [](float a, float, float) { return std::tanh(a); }, 0x1p-10),
      row(
          "div.approx.f32 %rd, %ra, %rb;", [](float a, float b, float) { return a / b; }, near),
      row(
          "div.full.f32 %rd, %ra, %rb;", [](float a, float b, float) { return a / b; }, near),
      row(
          "rcp.approx.ftz.f64 %ld, %la;", [](double a, double, double) { return 1 / a; }, near),
      row(
          "rsqrt.approx.f64 %ld, %la;", [](double a, double, double) { return 1 / std::sqrt(a); },
          near),
  });
}

}  // namespace
}  // namespace cuda_emulator_test
