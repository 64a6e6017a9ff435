// Integers of 16, 32 and 64 bits: arithmetic with and without carry, and bits.
#include <algorithm>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
__extension__ typedef __int128 s128;
__extension__ typedef unsigned __int128 u128;

// Wide enough for any product of two.
template <class T>
using Wide = std::conditional_t<std::is_signed_v<T>, s128, u128>;

template <class T>
const char* const type = nullptr;
template <>
const char* const type<u16> = "u16";
template <>
const char* const type<s16> = "s16";
template <>
const char* const type<u32> = "u32";
template <>
const char* const type<s32> = "s32";
template <>
const char* const type<u64> = "u64";
template <>
const char* const type<s64> = "s64";

constexpr char letter(std::size_t bytes) { return bytes == 2 ? 'h' : bytes == 4 ? 'r' : 'l'; }

// "add.T D, A, B;" with a type and its registers.
template <class T>
std::string ptx(std::string text, const std::string& name = type<T>) {
  std::string made;
  for (const char c : text) {
    if (c == 'T') made += name;
    else if (c >= 'A' && c <= 'D')
      made += {'%', letter(sizeof(T)), static_cast<char>(c - 'A' + 'a')};
    else made += c;
  }
  return made;
}

template <class T>
std::vector<Row> arithmetic() {
  using W = Wide<T>;
  constexpr int bits = static_cast<int>(sizeof(T) * 8);
  return {
      row(ptx<T>("add.T D, A, B;"), [](T a, T b, T) { return T(W(a) + W(b)); }),
      row(ptx<T>("sub.T D, A, B;"), [](T a, T b, T) { return T(W(a) - W(b)); }),
      row(ptx<T>("min.T D, A, B;"), [](T a, T b, T) { return std::min(a, b); }),
      row(ptx<T>("max.T D, A, B;"), [](T a, T b, T) { return std::max(a, b); }),
      row(ptx<T>("or.T B, B, 1;", "b" + std::to_string(bits)) + ptx<T>("div.T D, A, B;"),
          [](T a, T b, T) { return T(W(a) / W(T(b | 1))); }),
      row(ptx<T>("or.T B, B, 1;", "b" + std::to_string(bits)) + ptx<T>("rem.T D, A, B;"),
          [](T a, T b, T) { return T(W(a) % W(T(b | 1))); }),
      row(ptx<T>("mul.lo.T D, A, B;"), [](T a, T b, T) { return T(W(a) * W(b)); }),
      row(ptx<T>("mul.hi.T D, A, B;"), [](T a, T b, T) { return T(W(a) * W(b) >> bits); }),
      row(ptx<T>("mad.lo.T D, A, B, C;"), [](T a, T b, T c) { return T(W(a) * W(b) + W(c)); }),
      row(ptx<T>("mad.hi.T D, A, B, C;"),
          [](T a, T b, T c) { return T((W(a) * W(b) >> bits) + W(c)); }),
      row(ptx<T>("sad.T D, A, B, C;"),
          [](T a, T b, T c) { return T(W(c) + (a < b ? W(b) - W(a) : W(a) - W(b))); }),
  };
}

template <class T>
std::vector<Row> signs() {
  return {row(ptx<T>("abs.T D, A;"), [](T a, T, T) { return T(a < 0 ? -s128(a) : s128(a)); }),
          row(ptx<T>("neg.T D, A;"), [](T a, T, T) { return T(-s128(a)); })};
}

template <class T, class Twice>
std::vector<Row> widening() {
  constexpr char to = letter(sizeof(Twice));
  const std::string result = std::string("%") + to + "d", addend = std::string("%") + to + "c";
  return {row(ptx<T>("mul.wide.T ") + result + ptx<T>(", A, B;"),
              [](T a, T b, Twice) { return Twice(Wide<T>(a) * Wide<T>(b)); }),
          row(ptx<T>("mad.wide.T ") + result + ptx<T>(", A, B, ") + addend + ";",
              [](T a, T b, Twice c) { return Twice(Wide<T>(a) * Wide<T>(b) + Wide<T>(c)); })};
}

TEST_F(Isa, integers_are_added_multiplied_and_divided_as_in_cpp) {
  check(arithmetic<u16>());
  check(arithmetic<s16>());
  check(arithmetic<u32>());
  check(arithmetic<s32>());
  check(arithmetic<u64>());
  check(arithmetic<s64>());
  check(signs<s16>());
  check(signs<s32>());
  check(signs<s64>());
  check(widening<u16, u32>());
  check(widening<s16, s32>());
  check(widening<u32, u64>());
  check(widening<s32, s64>());
}

TEST_F(Isa, integers_of_24_bits_and_dot_products) {
  const auto low24 = [](s32 a) { return s32(u32(a) << 8) >> 8; };
  const auto dot4 = [](auto a, auto b, s32 c, auto a8, auto b8) {
    for (int i = 0; i < 32; i += 8)
      c = s32(u32(c) + u32(s32(decltype(a8)(u32(a) >> i)) * s32(decltype(b8)(u32(b) >> i))));
    return c;
  };
  check({
      row("mul24.lo.u32 %rd, %ra, %rb;",
          [](u32 a, u32 b, u32) { return u32((a & 0xFFFFFFu) * u64(b & 0xFFFFFFu)); }),
      row("mul24.lo.s32 %rd, %ra, %rb;",
          [=](s32 a, s32 b, s32) { return s32(s64(low24(a)) * low24(b)); }),
      row("mad24.lo.u32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 c) { return u32((a & 0xFFFFFFu) * u64(b & 0xFFFFFFu) + c); }),
      row("dp4a.u32.u32 %rd, %ra, %rb, %rc;",
          [=](u32 a, u32 b, s32 c) { return dot4(a, b, c, u8{}, u8{}); }),
      row("dp4a.s32.u32 %rd, %ra, %rb, %rc;",
          [=](u32 a, u32 b, s32 c) { return dot4(a, b, c, s8{}, u8{}); }),
      row("dp4a.s32.s32 %rd, %ra, %rb, %rc;",
          [=](u32 a, u32 b, s32 c) { return dot4(a, b, c, s8{}, s8{}); }),
      row("dp2a.lo.u32.u32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 c) {
            return c + (a & 0xFFFF) * (b & 0xFF) + (a >> 16) * (b >> 8 & 0xFF);
          }),
      row("dp2a.hi.s32.s32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 c) {
            return c + u32(s32(s16(a)) * s8(b >> 16)) + u32(s32(s16(a >> 16)) * s8(b >> 24));
          }),
  });
}

TEST_F(Isa, carries_make_wider_integers) {
  const std::string halves = "mov.b64 {%r1, %r2}, %la; mov.b64 {%r3, %r4}, %lb;",
                    whole = "mov.b64 %ld, {%r5, %r6};";
  const auto wide = [](u64 a, u64 b) { return u128(a) * b; };
  check({
      row(halves + "add.cc.u32 %r5, %r1, %r3; addc.u32 %r6, %r2, %r4;" + whole,
          [](u64 a, u64 b, u64) { return a + b; }),
      row(halves + "sub.cc.u32 %r5, %r1, %r3; subc.u32 %r6, %r2, %r4;" + whole,
          [](u64 a, u64 b, u64) { return a - b; }),
      row("mov.b64 {%r7, %r8}, %lc; mad.lo.cc.u32 %r5, %ra, %rb, %r7;"
          "madc.hi.u32 %r6, %ra, %rb, %r8;" +
              whole,
          [](u32 a, u32 b, u64 c) { return u64(a) * b + c; }),
      row("add.cc.u64 %l1, %la, %lb; addc.u64 %ld, %lc, 0;",
          [](u64 a, u64 b, u64 c) { return c + (a + b < a ? 1 : 0); }),
      row("sub.cc.u64 %l1, %la, %lb; subc.u64 %ld, %lc, 0;",
          [](u64 a, u64 b, u64 c) { return c - (a < b ? 1 : 0); }),
      row("mad.lo.cc.u64 %l1, %la, %lb, %lc; madc.hi.u64 %ld, %la, %lb, 0;",
          [=](u64 a, u64 b, u64 c) { return u64((wide(a, b) + c) >> 64); }),
      // A carry goes through three additions.
      row("add.cc.s32 %r1, %ra, %rb; addc.cc.s32 %r2, %rc, -1; addc.s32 %rd, 0, 0;",
          [](u32 a, u32 b, u32 c) { return u32((u64(c) + 0xFFFFFFFFu + (a + b < a)) >> 32); }),
  });
}

template <class T>
std::vector<Row> bits() {
  using S = std::make_signed_t<T>;
  constexpr u32 width = sizeof(T) * 8;
  const std::string kind = "b" + std::to_string(width), u = "u" + kind.substr(1),
                    s = "s" + kind.substr(1);
  return {
      row(ptx<T>("and.T D, A, B;", kind), [](T a, T b, T) { return T(a & b); }),
      row(ptx<T>("or.T D, A, B;", kind), [](T a, T b, T) { return T(a | b); }),
      row(ptx<T>("xor.T D, A, B;", kind), [](T a, T b, T) { return T(a ^ b); }),
      row(ptx<T>("not.T D, A;", kind), [](T a, T, T) { return T(~a); }),
      row(ptx<T>("cnot.T D, A;", kind), [](T a, T, T) { return T(a == 0 ? 1 : 0); }),
      row(ptx<T>("shl.T D, A, %rb;", kind),
          [](T a, u32 n, T) { return n >= width ? T(0) : T(a << n); }),
      row(ptx<T>("shr.T D, A, %rb;", u),
          [](T a, u32 n, T) { return n >= width ? T(0) : T(a >> n); }),
      row(ptx<T>("shr.T D, A, %rb;", s),
          [](S a, u32 n, T) { return S(a >> std::min(n, width - 1)); }),
      row("setp.ne.u32 %p1, %rc, 0;" + ptx<T>("selp.T D, A, B, %p1;", kind),
          [](T a, T b, u32 c) { return c != 0 ? a : b; }),
      row(ptx<T>("slct.T.s32 D, A, B, %rc;", kind), [](T a, T b, s32 c) { return c >= 0 ? a : b; }),
  };
}

template <class T>
std::vector<Row> counts() {
  using S = std::make_signed_t<T>;
  constexpr u32 width = sizeof(T) * 8;
  const std::string kind = "b" + std::to_string(width), u = "u" + kind.substr(1),
                    s = "s" + kind.substr(1);
  const auto reversed = [](T a) {
    T made = 0;
    for (u32 i = 0; i < width; ++i) made = T(made << 1 | (a >> i & 1));
    return made;
  };
  const auto field = [=](T a, u32 at, u32 length) {
    T made = 0;
    for (u32 i = 0; i < std::min(length & 255, width); ++i) {
      if (i + (at & 255) < width) made |= T(a >> (i + (at & 255)) & 1) << i;
    }
    return made;
  };
  const std::string registers = std::string("%") + letter(sizeof(T)) + "d, %" + letter(sizeof(T));
  return {
      row("popc." + kind + " %rd, %" + letter(sizeof(T)) + "a;",
          [](T a, T, T) { return u32(std::popcount(a)); }),
      row("clz." + kind + " %rd, %" + letter(sizeof(T)) + "a;",
          [](T a, T, T) { return u32(std::countl_zero(a)); }),
      row("brev." + kind + " " + registers + "a;", [=](T a, T, T) { return reversed(a); }),
      row("bfind." + u + " %rd, %" + letter(sizeof(T)) + "a;",
          [](T a, T, T) { return ~u32{0} + u32(std::bit_width(a)); }),
      row("bfind." + s + " %rd, %" + letter(sizeof(T)) + "a;",
          [](S a, T, T) { return ~u32{0} + u32(std::bit_width(T(a < 0 ? ~a : a))); }),
      row("bfind.shiftamt." + u + " %rd, %" + letter(sizeof(T)) + "a;",
          [](T a, T, T) { return a == 0 ? ~u32{0} : u32(std::countl_zero(a)); }),
      row("bfe." + u + " " + registers + "a, %rb, %rc;",
          [=](T a, u32 at, u32 length) { return field(a, at, length); }),
      row("bfi." + kind + " " + registers + "a, %" + letter(sizeof(T)) + "b, %rc, 7;",
          [=](T a, T b, u32 at) {
            T made = b;
            for (u32 i = 0; i < 7; ++i) {
              const u32 to = (at & 255) + i;
              if (to < width) made = T((made & ~(T{1} << to)) | (a >> i & 1) << to);
            }
            return made;
          }),
  };
}

TEST_F(Isa, bits_are_combined_shifted_counted_and_moved) {
  check(bits<u16>());
  check(bits<u32>());
  check(bits<u64>());
  check(counts<u32>());
  check(counts<u64>());
}

TEST_F(Isa, words_of_32_bits_are_looked_up_funnelled_and_permuted) {
  const auto permuted = [](u32 a, u32 b, u32 selector) {
    u32 made = 0;
    for (u32 i = 0; i < 4; ++i) {
      const u32 one = selector >> i * 4 & 15;
      u32 byte = u32((u64(b) << 32 | a) >> (one & 7) * 8 & 0xFF);
      if ((one & 8) != 0) byte = (byte & 0x80) != 0 ? 0xFF : 0;
      made |= byte << i * 8;
    }
    return made;
  };
  check({
      row("lop3.b32 %rd, %ra, %rb, %rc, 0x96;", [](u32 a, u32 b, u32 c) { return a ^ b ^ c; }),
      row("lop3.b32 %rd, %ra, %rb, %rc, 0xE8;",
          [](u32 a, u32 b, u32 c) { return (a & b) | (a & c) | (b & c); }),
      row("lop3.b32 %rd, %ra, %rb, %rc, 0x02;", [](u32 a, u32 b, u32 c) { return ~a & ~b & c; }),
      row("shf.l.wrap.b32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 n) { return u32((u64(b) << 32 | a) << (n & 31) >> 32); }),
      row("shf.l.clamp.b32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 n) { return u32((u64(b) << 32 | a) << std::min(n, 32u) >> 32); }),
      row("shf.r.wrap.b32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 n) { return u32((u64(b) << 32 | a) >> (n & 31)); }),
      row("shf.r.clamp.b32 %rd, %ra, %rb, %rc;",
          [](u32 a, u32 b, u32 n) { return u32((u64(b) << 32 | a) >> std::min(n, 32u)); }),
      row("prmt.b32 %rd, %ra, %rb, %rc;", [=](u32 a, u32 b, u32 c) { return permuted(a, b, c); }),
      row("prmt.b32.rc8 %rd, %ra, %rb, %rc;",
          [=](u32 a, u32 b, u32 c) { return permuted(a, b, (c & 3) * 0x1111); }),
  });
}

}  // namespace
}  // namespace cuda_emulator_test
