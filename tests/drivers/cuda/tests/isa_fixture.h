// Rows of a table: a few instructions of PTX, and what they make of their operands in C++. Every
// row runs on eight warps: all pairs of the type's extreme values, random bits, and small numbers.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <type_traits>

#include "tests/drivers/cuda/tests/driver_fixture.h"

namespace cuda_emulator_test {

using Slot = std::uint64_t;
using Slots = std::array<Slot, 3>;  // of one thread's operands

template <class T>
Slot slot_of(T value) {
  Slot slot = 0;
  std::memcpy(&slot, &value, sizeof value);
  return slot;
}
template <class T>
T value_of(Slot slot) {
  T value;
  std::memcpy(&value, &slot, sizeof value);
  return value;
}

template <class T>
inline constexpr bool is_float = std::is_floating_point_v<T> || std::is_same_v<T, _Float16>;

// What differs and what is near enough: nothing, but for the payload of a NaN, unless `share`, of
// the larger value, says otherwise.
template <class T>
bool is_same(Slot got, Slot wanted, double share) {
  if constexpr (is_float<T>) {
    const auto x = static_cast<double>(value_of<T>(got)),
               y = static_cast<double>(value_of<T>(wanted));
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
    if (share > 0) return x == y || std::fabs(x - y) <= share * std::max(1.0, std::fabs(y));
  }
  return got == wanted;
}

// The i-th value of an operand.
template <class T>
T operand(unsigned i, std::size_t which) {
  std::mt19937_64 bits(i * 3 + which);
  bits.discard(8);
  if constexpr (is_float<T>) {
    using Limits =
        std::numeric_limits<std::conditional_t<std::is_same_v<T, double>, double, float>>;
    const T extreme[] = {T(0),   T(-0.0), T(1),
                         T(-1),  T(1.5),  static_cast<T>(Limits::infinity()),
                         T(0.5), T(3),    static_cast<T>(Limits::quiet_NaN()),
                         T(-2),  T(7),    static_cast<T>(-Limits::infinity())};
    if (i < 128) return extreme[(which == 1 ? i / 12 : i * (which + 1)) % 12];
    if (i < 192) return static_cast<T>(static_cast<double>(bits() >> 40) / double(1 << 23) * 4 - 4);
    return value_of<T>(bits());
  } else {
    using Limits = std::numeric_limits<T>;
    const T extreme[] = {T(0), T(1), T(2), T(~T(0)), Limits::min(), Limits::max(), T(31), T(33)};
    if (i < 128) return extreme[(which == 1 ? i / 8 : i * (which + 1)) % 8];
    return i < 192 ? value_of<T>(bits()) : T(bits() % 40);
  }
}

struct Row {
  std::string ptx;
  std::size_t result_bytes;
  std::function<Slot(unsigned thread, std::size_t which)> operand;
  std::function<Slot(const Slots&)> expected;
  std::function<bool(Slot, Slot)> same;
};

class Isa : public Driver {
 protected:
  static constexpr unsigned threads = 256;

  // The operands a, b and c are in %ha, %ra and %la (16, 32 and 64 bits) and so on; the result is
  // what is in %hd, %rd or %ld. Predicates %p1 to %p3, and %r1 to %r9 and %l1 to %l9 are free.
  void check(const Row& row);
  // What it makes of each thread's operands. `before`: what else the module declares.
  std::vector<Slot> run(const std::string& ptx, std::size_t result_bytes,
                        const std::vector<Slots>& in, const std::string& before = "");
  // The same for operands a and results of 32 bits.
  std::vector<std::uint32_t> run32(const std::string& ptx, const std::vector<std::uint32_t>& a,
                                   const std::string& before = "");
  void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) check(row);
  }
};

template <class R, class A, class B, class C>
Row row_of(std::string ptx, std::function<R(A, B, C)> f, double share) {
  return {std::move(ptx), sizeof(R),
          [](unsigned thread, std::size_t which) {
            return which == 0   ? slot_of(operand<A>(thread, 0))
                   : which == 1 ? slot_of(operand<B>(thread, 1))
                                : slot_of(operand<C>(thread, 2));
          },
          [f](const Slots& in) {
            return slot_of(f(value_of<A>(in[0]), value_of<B>(in[1]), value_of<C>(in[2])));
          },
          [share](Slot got, Slot wanted) { return is_same<R>(got, wanted, share); }};
}
// f takes the three operands, whose types are those of the row, and gives the result. `share`: how
// far it may be off, of values above one; 0: not at all.
template <class F>
Row row(std::string ptx, F f, double share = 0) {
  return row_of(std::move(ptx), std::function(f), share);
}

}  // namespace cuda_emulator_test
