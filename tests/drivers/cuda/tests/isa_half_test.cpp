// Floats of 16 bits, alone and in pairs, each result with one rounding.
#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using Half = _Float16;

Half half(double value) { return static_cast<Half>(value); }

// f of a pair's halves, by itself.
template <class F>
auto paired(F f) {
  return [f](std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    std::uint32_t made = 0;
    for (int i = 0; i < 32; i += 16) {
      const auto of = [i](std::uint32_t word) { return value_of<Half>(word >> i & 0xFFFFu); };
      made |= static_cast<std::uint32_t>(slot_of(f(of(a), of(b), of(c)))) << i;
    }
    return made;
  };
}

// Pairs of small halves, whose bits are those of no NaN: those may differ in their payload.
constexpr const char* numbers =
    "and.b32 %ra, %ra, 0xBFFFBFFF; and.b32 %rb, %rb, 0xBFFFBFFF; and.b32 %rc, %rc, 0xBFFFBFFF;";

template <class F>
Row pair_row(const std::string& ptx, F f) {
  return row(numbers + ptx, [f = paired(f)](std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return f(a & 0xBFFFBFFF, b & 0xBFFFBFFF, c & 0xBFFFBFFF);
  });
}

double product(Half a, Half b) { return double(a) * double(b); }

TEST_F(Isa, halves_are_added_multiplied_and_compared) {
  check({
      row("add.f16 %hd, %ha, %hb;",
          [](Half a, Half b, Half) { return half(double(a) + double(b)); }),
      row("sub.rn.f16 %hd, %ha, %hb;",
          [](Half a, Half b, Half) { return half(double(a) - double(b)); }),
      row("mul.f16 %hd, %ha, %hb;", [](Half a, Half b, Half) { return half(product(a, b)); }),
      row("fma.rn.f16 %hd, %ha, %hb, %hc;",
          [](Half a, Half b, Half c) { return half(product(a, b) + double(c)); }),
      row("fma.rn.relu.f16 %hd, %ha, %hb, %hc;",
          [](Half a, Half b, Half c) {
            const double sum = product(a, b) + double(c);
            return sum > 0 || std::isnan(sum) ? half(sum) : half(0);
          }),
      row("add.sat.f16 %hd, %ha, %hb;",
          [](Half a, Half b, Half) {
            const double sum = double(a) + double(b);
            return half(sum > 1 ? 1 : sum > 0 ? sum : 0);
          }),
      row("min.f16 %hd, %ha, %hb;",
          [](Half a, Half b, Half) {
            return a == b ? (std::signbit(float(a)) ? a : b) : half(std::fmin(float(a), float(b)));
          }),
      row("max.f16 %hd, %ha, %hb;",
          [](Half a, Half b, Half) {
            return a == b ? (std::signbit(float(a)) ? b : a) : half(std::fmax(float(a), float(b)));
          }),
      row("abs.f16 %hd, %ha;", [](Half a, Half, Half) { return half(std::fabs(double(a))); }),
      row("neg.f16 %hd, %ha;", [](Half a, Half, Half) { return half(-double(a)); }),
      row(
          "ex2.approx.f16 %hd, %ha;", [](Half a, Half, Half) { return half(std::exp2(double(a))); },
          0x1p-9),
      row(
          "tanh.approx.f16 %hd, %ha;",
          [](Half a, Half, Half) { return half(std::tanh(double(a))); }, 0x1p-9),
  });
}

TEST_F(Isa, pairs_of_halves_are_two_of_them) {
  check({
      pair_row("add.f16x2 %rd, %ra, %rb;",
               [](Half a, Half b, Half) { return half(double(a) + double(b)); }),
      pair_row("mul.f16x2 %rd, %ra, %rb;",
               [](Half a, Half b, Half) { return half(product(a, b)); }),
      pair_row("fma.rn.f16x2 %rd, %ra, %rb, %rc;",
               [](Half a, Half b, Half c) { return half(product(a, b) + double(c)); }),
      pair_row("sub.f16x2 %rd, %ra, %rb;",
               [](Half a, Half b, Half) { return half(double(a) - double(b)); }),
      pair_row("abs.f16x2 %rd, %ra;",
               [](Half a, Half, Half) { return half(std::fabs(double(a))); }),
      pair_row("neg.f16x2 %rd, %ra;", [](Half a, Half, Half) { return half(-double(a)); }),
  });
}

}  // namespace
}  // namespace cuda_emulator_test
