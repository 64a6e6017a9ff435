// Comparisons, selections and conversions, of 8 to 64 bits.
#include <algorithm>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using u32 = std::uint32_t;

template <class T>
struct Registers;
#define REGISTERS(type, text, a, b)                                    \
  template <>                                                          \
  struct Registers<type> {                                             \
    static constexpr const char *name = text, *first = a, *second = b; \
  }
REGISTERS(std::uint16_t, "u16", "%ha", "%hb");
REGISTERS(std::int16_t, "s16", "%ha", "%hb");
REGISTERS(std::uint32_t, "u32", "%ra", "%rb");
REGISTERS(std::int32_t, "s32", "%ra", "%rb");
REGISTERS(std::uint64_t, "u64", "%la", "%lb");
REGISTERS(std::int64_t, "s64", "%la", "%lb");
REGISTERS(_Float16, "f16", "%ha", "%hb");
REGISTERS(float, "f32", "%ra", "%rb");
REGISTERS(double, "f64", "%la", "%lb");
#undef REGISTERS

// The result of a comparison in a register.
template <class T, class F>
Row compared(const std::string& how, F f) {
  using R = Registers<T>;
  return row("setp." + how + "." + R::name + " %p1, " + R::first + ", " + R::second +
                 "; selp.u32 %rd, 1, 0, %p1;",
             [f](T a, T b, T) { return u32{f(a, b)}; });
}

template <class T>
std::vector<Row> comparisons() {
  return {compared<T>("eq", [](T a, T b) { return a == b; }),
          compared<T>("lt", [](T a, T b) { return a < b; }),
          compared<T>("le", [](T a, T b) { return a <= b; }),
          compared<T>("gt", [](T a, T b) { return a > b; }),
          compared<T>("ge", [](T a, T b) { return a >= b; }),
          compared<T>("ne", [](T a, T b) {
            if constexpr (is_float<T>) return a < b || a > b;  // none of a NaN
            else return a != b;
          })};
}

template <class T>
std::vector<Row> unordered() {
  return {compared<T>("equ", [](T a, T b) { return !(a < b || a > b); }),
          compared<T>("neu", [](T a, T b) { return a != b; }),
          compared<T>("ltu", [](T a, T b) { return !(a >= b); }),
          compared<T>("geu", [](T a, T b) { return !(a < b); }),
          compared<T>("num", [](T a, T b) { return a == a && b == b; }),
          compared<T>("nan", [](T a, T b) { return a != a || b != b; })};
}

TEST_F(Isa, values_of_every_type_are_compared) {
  check(comparisons<std::uint16_t>());
  check(comparisons<std::int16_t>());
  check(comparisons<std::uint32_t>());
  check(comparisons<std::int32_t>());
  check(comparisons<std::uint64_t>());
  check(comparisons<std::int64_t>());
  check(comparisons<_Float16>());
  check(comparisons<float>());
  check(comparisons<double>());
  check(unordered<_Float16>());
  check(unordered<float>());
  check(unordered<double>());
}

TEST_F(Isa, comparisons_are_combined_with_predicates_and_make_values) {
  const std::string odd = "and.b32 %r1, %rc, 1; setp.ne.u32 %p2, %r1, 0;";
  check({
      row(odd + "setp.lt.and.s32 %p1|%p3, %ra, %rb, %p2; selp.u32 %rd, 1, 0, %p1;"
                "@%p3 add.u32 %rd, %rd, 2;",
          [](std::int32_t a, std::int32_t b, u32 c) {
            const bool odd_c = (c & 1) != 0;
            return u32{a < b && odd_c} + u32{!(a < b) && odd_c} * 2;
          }),
      row(odd + "setp.lt.or.s32 %p1, %ra, %rb, !%p2; selp.u32 %rd, 1, 0, %p1;",
          [](std::int32_t a, std::int32_t b, u32 c) { return u32{a < b || (c & 1) == 0}; }),
      row(odd + "setp.lt.xor.u64 %p1, %la, %lb, %p2; selp.u32 %rd, 1, 0, %p1;",
          [](std::uint64_t a, std::uint64_t b, u32 c) { return u32{(a < b) != ((c & 1) != 0)}; }),
      row("set.lt.u32.s32 %rd, %ra, %rb;",
          [](std::int32_t a, std::int32_t b, u32) { return a < b ? ~u32{0} : 0; }),
      row("set.gt.f32.f32 %rd, %ra, %rb;",
          [](float a, float b, u32) { return a > b ? 1.0F : 0.0F; }),
      row("selp.f32 %rd, %ra, %rb, 1;", [](u32 a, u32, u32) { return a; }),
      row("slct.b32.f32 %rd, %ra, %rb, %rc;", [](u32 a, u32 b, float c) { return c >= 0 ? a : b; }),
  });
}

template <class T>
T clamped(double value) {
  if (std::isnan(value)) return 0;
  const double low = static_cast<double>(std::numeric_limits<T>::min()),
               high = static_cast<double>(std::numeric_limits<T>::max());
  return value <= low    ? std::numeric_limits<T>::min()
         : value >= high ? std::numeric_limits<T>::max()
                         : static_cast<T>(value);
}

TEST_F(Isa, integers_are_cut_extended_and_saturated) {
  using s32 = std::int32_t;
  using s64 = std::int64_t;
  using u64 = std::uint64_t;
  check({
      row("cvt.s32.s8 %rd, %ra;", [](u32 a, u32, u32) { return s32(std::int8_t(a)); }),
      row("cvt.u32.u8 %rd, %ra;", [](u32 a, u32, u32) { return a & 0xFF; }),
      row("cvt.u8.u32 %rd, %ra;", [](u32 a, u32, u32) { return a & 0xFF; }),
      row("cvt.s64.s16 %ld, %ha;", [](std::int16_t a, u32, u32) { return s64(a); }),
      row("cvt.u64.u32 %ld, %ra;", [](u32 a, u32, u32) { return u64(a); }),
      row("cvt.s64.s32 %ld, %ra;", [](s32 a, u32, u32) { return s64(a); }),
      row("cvt.u16.u64 %hd, %la;", [](u64 a, u32, u32) { return std::uint16_t(a); }),
      row("cvt.sat.s8.s32 %rd, %ra;",
          [](s32 a, u32, u32) { return s32(std::clamp<s32>(a, -128, 127)); }),
      row("cvt.sat.u8.s32 %rd, %ra;", [](s32 a, u32, u32) { return std::clamp<s32>(a, 0, 255); }),
      row("cvt.sat.u32.s64 %rd, %la;",
          [](s64 a, u32, u32) { return u32(std::clamp<s64>(a, 0, 0xFFFFFFFF)); }),
      row("cvt.sat.s32.u32 %rd, %ra;",
          [](u32 a, u32, u32) { return s32(std::min(a, 0x7FFFFFFFu)); }),
  });
}

TEST_F(Isa, floats_become_integers_and_other_floats) {
  using s32 = std::int32_t;
  using Half = _Float16;
  check({
      row("cvt.rzi.s32.f32 %rd, %ra;",
          [](float a, u32, u32) { return clamped<s32>(std::trunc(a)); }),
      row("cvt.rni.s32.f32 %rd, %ra;",
          [](float a, u32, u32) { return clamped<s32>(std::nearbyint(a)); }),
      row("cvt.rmi.s32.f64 %rd, %la;",
          [](double a, u32, u32) { return clamped<s32>(std::floor(a)); }),
      row("cvt.rpi.u32.f32 %rd, %ra;",
          [](float a, u32, u32) { return clamped<u32>(std::ceil(a)); }),
      row("cvt.rzi.u8.f32 %rd, %ra;",
          [](float a, u32, u32) { return u32{clamped<std::uint8_t>(std::trunc(a))}; }),
      row("cvt.rni.f32.f32 %rd, %ra;", [](float a, u32, u32) { return std::nearbyint(a); }),
      row("cvt.rmi.f64.f64 %ld, %la;", [](double a, u32, u32) { return std::floor(a); }),
      row("cvt.rn.f32.s32 %rd, %ra;", [](s32 a, u32, u32) { return float(a); }),
      row("cvt.rn.f32.u64 %rd, %la;", [](std::uint64_t a, u32, u32) { return float(a); }),
      row("cvt.rn.f64.s64 %ld, %la;", [](std::int64_t a, u32, u32) { return double(a); }),
      row("cvt.rn.f16.s32 %hd, %ra;", [](s32 a, u32, u32) { return Half(double(a)); }),
      row("cvt.rn.f32.f64 %rd, %la;", [](double a, u32, u32) { return float(a); }),
      row("cvt.f64.f32 %ld, %ra;", [](float a, u32, u32) { return double(a); }),
      row("cvt.rn.f16.f32 %hd, %ra;", [](float a, u32, u32) { return Half(a); }),
      row("cvt.f32.f16 %rd, %ha;", [](Half a, u32, u32) { return float(a); }),
      row("cvt.sat.f32.f32 %rd, %ra;",
          [](float a, u32, u32) { return a > 1   ? 1.0F
                                         : a > 0 ? a
                                                 : 0.0F; }),
      row("and.b32 %ra, %ra, 0xBFFFFFFF; and.b32 %rb, %rb, 0xBFFFFFFF;"
          "cvt.rn.f16x2.f32 %rd, %ra, %rb;",
          [](u32 a, u32 b, u32) {
            const auto of = [](u32 word) {
              return static_cast<u32>(slot_of(Half(value_of<float>(word & 0xBFFFFFFF))));
            };
            return of(a) << 16 | of(b);
          }),
  });
}

}  // namespace
}  // namespace cuda_emulator_test
