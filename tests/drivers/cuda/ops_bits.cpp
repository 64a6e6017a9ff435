// Logic, shifts and bit fields; moves.
#include <algorithm>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

using U32 = std::uint32_t;

template <class T>
struct And {
  T operator()(T a, T b) const { return static_cast<T>(a & b); }
};
template <class T>
struct Or {
  T operator()(T a, T b) const { return static_cast<T>(a | b); }
};
template <class T>
struct Xor {
  T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};
template <class T>
struct Not {
  T operator()(T a) const { return static_cast<T>(~a); }
};
template <class T>
struct LogicalNot {
  T operator()(T a) const { return a == 0 ? 1 : 0; }
};
template <class T>
struct Same {
  T operator()(T a) const { return a; }
};
template <class T>
struct Shl {
  T operator()(T a, U32 by) const {
    return by >= 8 * sizeof(T) ? T{0} : static_cast<T>(static_cast<std::uint64_t>(a) << by);
  }
};
template <class T>
struct Shr {
  T operator()(T a, U32 by) const {
    return static_cast<T>(a >> std::min<U32>(by, 8 * sizeof(T) - 1) >>
                          (by >= 8 * sizeof(T) ? 1 : 0));
  }
};
template <class T>
struct Popc {
  U32 operator()(T a) const { return static_cast<U32>(std::popcount(a)); }
};
template <class T>
struct Clz {
  U32 operator()(T a) const { return static_cast<U32>(std::countl_zero(a)); }
};
template <class T>
struct Brev {
  T operator()(T a) const {
    T result = 0;
    for (unsigned bit = 0; bit < 8 * sizeof(T); ++bit)
      result = static_cast<T>(result << 1 | (a >> bit & 1));
    return result;
  }
};
template <class T, bool shift_amount>
struct Bfind {
  U32 operator()(T a) const {
    using U = std::make_unsigned_t<T>;
    const U bits = static_cast<U>(a < 0 ? ~a : a);
    if (bits == 0) return ~U32{0};
    const int zeros = std::countl_zero(bits);
    return static_cast<U32>(shift_amount ? zeros : static_cast<int>(8 * sizeof(T)) - 1 - zeros);
  }
};
template <class T>
struct Bfe {
  T operator()(T a, U32 position, U32 length) const {
    constexpr U32 width = 8 * sizeof(T);
    position &= 0xFF, length &= 0xFF;
    if (length == 0) return 0;
    const U32 top = std::min(position + length - 1, width - 1);
    const bool sign = std::is_signed_v<T> && (static_cast<std::uint64_t>(a) >> top & 1) != 0;
    std::uint64_t bits =
        position >= width ? 0 : static_cast<std::make_unsigned_t<T>>(a) >> position;
    if (position >= width) return static_cast<T>(sign ? -1 : 0);
    const U32 have = std::min(length, width - position);
    if (have < 64) bits &= (std::uint64_t{1} << have) - 1;
    if (sign && have < 64) bits |= ~std::uint64_t{0} << have;
    return static_cast<T>(bits);
  }
};
template <class T>
struct Bfi {
  void operator()(T& to, T field, T base, U32 position, U32 length) const {
    constexpr U32 width = 8 * sizeof(T);
    position &= 0xFF, length &= 0xFF;
    if (position >= width || length == 0) {
      to = base;
      return;
    }
    const T ones = length >= width ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << length) - 1);
    const T mask = static_cast<T>(ones << position);
    to = static_cast<T>((base & ~mask) | (static_cast<T>(field << position) & mask));
  }
};
template <class T>
void bfi(Warp& warp, const Instruction& i, Mask mask) {
  T* const to = warp.lanes<T>(i.to[0]);
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  const U32 *const c = warp.lanes<U32>(i.from[2]), *const d = warp.lanes<U32>(i.from[3]);
  for_lanes(mask, [=](int lane) { Bfi<T>()(to[lane], a[lane], b[lane], c[lane], d[lane]); });
}

void lop3(Warp& warp, const Instruction& i, Mask mask) {
  U32* const to = warp.lanes<U32>(i.to[0]);
  const U32 *const a = warp.lanes<U32>(i.from[0]), *const b = warp.lanes<U32>(i.from[1]),
                   *const c = warp.lanes<U32>(i.from[2]), *const table = warp.lanes<U32>(i.from[3]);
  for_lanes(mask, [=](int lane) {
    U32 result = 0;
    for (unsigned row = 0; row < 8; ++row) {
      if ((table[lane] >> row & 1) == 0) continue;
      result |= ((row & 4) != 0 ? a[lane] : ~a[lane]) & ((row & 2) != 0 ? b[lane] : ~b[lane]) &
                ((row & 1) != 0 ? c[lane] : ~c[lane]);
    }
    to[lane] = result;
  });
}

// Selectors of prmt's modes; each nibble picks a byte of {b, a}, bit 3 repeats its sign.
U32 selectors(std::size_t mode, U32 c) {
  const U32 s = c & 3;
  switch (mode) {
    case 1: return s == 0 ? 0x3210u : s == 1 ? 0x4321u : s == 2 ? 0x5432u : 0x6543u;  // f4e
    case 2: return s == 0 ? 0x5670u : s == 1 ? 0x6701u : s == 2 ? 0x7012u : 0x0123u;  // b4e
    case 3: return s * 0x1111u;                                                       // rc8
    case 4: return s == 0 ? 0x3210u : s == 1 ? 0x3211u : s == 2 ? 0x3222u : 0x3333u;  // ecl
    case 5: return s == 0 ? 0x0000u : s == 1 ? 0x1110u : s == 2 ? 0x2210u : 0x3210u;  // ecr
    case 6: return (s & 1) != 0 ? 0x3232u : 0x1010u;                                  // rc16
    default: return c;
  }
}

void prmt(Warp& warp, const Instruction& i, Mask mask) {
  U32* const to = warp.lanes<U32>(i.to[0]);
  const U32 *const a = warp.lanes<U32>(i.from[0]), *const b = warp.lanes<U32>(i.from[1]),
                   *const c = warp.lanes<U32>(i.from[2]);
  for_lanes(mask, [=, mode = i.detail](int lane) {
    const std::uint64_t bytes = std::uint64_t{b[lane]} << 32 | a[lane];
    const U32 select = selectors(mode, c[lane]);
    U32 result = 0;
    for (unsigned n = 0; n < 4; ++n) {
      const U32 nibble = select >> (4 * n) & 0xF;
      U32 byte = static_cast<U32>(bytes >> (8 * (nibble & 7))) & 0xFF;
      if ((nibble & 8) != 0) byte = (byte & 0x80) != 0 ? 0xFF : 0;
      result |= byte << (8 * n);
    }
    to[lane] = result;
  });
}

template <bool left, bool clamps>
struct Funnel {
  U32 operator()(U32 low, U32 high, U32 by) const {
    const U32 n = clamps ? std::min(by, 32u) : by & 31;
    const std::uint64_t both = std::uint64_t{high} << 32 | low;
    return static_cast<U32>(left ? both << n >> 32 : both >> n);
  }
};

void move_predicate(Warp& warp, const Instruction& i, Mask mask) {
  write_predicate(warp, i.to[0], mask, warp.negatable(i, 0));
}
template <class F>
void predicate_logic(Warp& warp, const Instruction& i, Mask mask) {
  write_predicate(warp, i.to[0], mask, F()(warp.negatable(i, 0), warp.negatable(i, 1)));
}
void predicate_not(Warp& warp, const Instruction& i, Mask mask) {
  write_predicate(warp, i.to[0], mask, ~warp.negatable(i, 0));
}

template <template <class> class F>
std::optional<Form> logic(ptx::Type type) {
  if (type.kind == ptx::Type::Kind::predicate)
    return Form{&predicate_logic<F<Mask>>, {type}, {type, type}};
  if (type.kind != ptx::Type::Kind::bits || type.bytes < 2) return std::nullopt;
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) {
    return Form{&binary<F<T>, T, T, T>, {type}, {type, type}};
  });
}

template <template <class> class F>
std::optional<Form> one(ptx::Type type, ptx::Type to) {
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) -> std::optional<Form> {
    if constexpr (std::is_unsigned_v<T>) {
      if (to.bytes == 4) return Form{&unary<F<T>, U32, T>, {to}, {type}};
      return Form{&unary<F<T>, T, T>, {to}, {type}};
    }
    return std::nullopt;
  });
}

std::optional<Form> move(ptx::Type type) {
  if (type.kind == ptx::Type::Kind::predicate) return Form{&move_predicate, {type}, {type}};
  return with_integer<std::optional<Form>>({ptx::Type::Kind::bits, type.bytes},
                                           [&]<class T>(Of<T>) -> std::optional<Form> {
                                             if constexpr (sizeof(T) == 1) return std::nullopt;
                                             return Form{&unary<Same<T>, T, T>, {type}, {type}};
                                           });
}

std::optional<Form> find(Mnemonic m, ptx::Type type) {
  const bool amount = m.take("shiftamt");
  if (!m.empty() || type.bytes < 4) return std::nullopt;
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) {
    return amount ? Form{&unary<Bfind<T, true>, U32, T>, {types::b32}, {type}}
                  : Form{&unary<Bfind<T, false>, U32, T>, {types::b32}, {type}};
  });
}

std::optional<Form> funnel(Mnemonic m) {
  const auto direction = m.take_one_of({"l", "r"});
  const auto mode = m.take_one_of({"wrap", "clamp"});
  if (!direction || !mode || !m.empty()) return std::nullopt;
  const Handler all[2][2] = {{&ternary<Funnel<true, false>, U32, U32, U32, U32>,
                              &ternary<Funnel<true, true>, U32, U32, U32, U32>},
                             {&ternary<Funnel<false, false>, U32, U32, U32, U32>,
                              &ternary<Funnel<false, true>, U32, U32, U32, U32>}};
  return Form{all[*direction][*mode], {types::b32}, {types::b32, types::b32, types::b32}};
}

}  // namespace

std::optional<Form> bits_form(Mnemonic m) {
  const std::string_view op = m.op();
  // Its mode stands behind its type.
  const auto mode =
      op == "prmt" ? m.take_one_of({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"}) : std::nullopt;
  const auto type = m.take_type();
  if (!type) return std::nullopt;
  if (op == "bfind") return find(m, *type);
  if (op == "shf") return type->bytes == 4 ? funnel(m) : std::nullopt;
  if (op == "prmt") {
    if (!m.empty() || *type != types::b32) return std::nullopt;
    return Form{&prmt,
                {*type},
                {*type, *type, *type},
                false,
                static_cast<std::uint8_t>(mode ? *mode + 1 : 0)};
  }
  if (!m.empty()) return std::nullopt;
  if (op == "mov") return move(*type);
  if (op == "and") return logic<And>(*type);
  if (op == "or") return logic<Or>(*type);
  if (op == "xor") return logic<Xor>(*type);
  if (op == "not" && type->kind == ptx::Type::Kind::predicate)
    return Form{&predicate_not, {*type}, {*type}};
  const bool bits = type->kind == ptx::Type::Kind::bits && type->bytes >= 2 && type->bytes <= 8;
  if (op == "not" || op == "cnot") {
    if (!bits) return std::nullopt;
    return with_integer<std::optional<Form>>(*type, [&]<class T>(Of<T>) {
      return op == "not" ? Form{&unary<Not<T>, T, T>, {*type}, {*type}}
                         : Form{&unary<LogicalNot<T>, T, T>, {*type}, {*type}};
    });
  }
  if (op == "popc" && bits && type->bytes >= 4) return one<Popc>(*type, types::b32);
  if (op == "clz" && bits && type->bytes >= 4) return one<Clz>(*type, types::b32);
  if (op == "brev" && bits && type->bytes >= 4) return one<Brev>(*type, *type);
  if (op == "lop3" && *type == types::b32)
    return Form{&lop3, {*type}, {*type, *type, *type, *type}};
  if (op == "shl" && bits) {
    return with_integer<std::optional<Form>>(*type, [&]<class T>(Of<T>) {
      return Form{&binary<Shl<T>, T, T, U32>, {*type}, {*type, types::b32}};
    });
  }
  if (op == "shr" && type->kind != ptx::Type::Kind::floating && type->bytes >= 2) {
    return with_integer<std::optional<Form>>(*type, [&]<class T>(Of<T>) {
      return Form{&binary<Shr<T>, T, T, U32>, {*type}, {*type, types::b32}};
    });
  }
  if (op == "bfe" && !bits && type->bytes >= 4) {
    return with_integer<std::optional<Form>>(*type, [&]<class T>(Of<T>) {
      return Form{&ternary<Bfe<T>, T, T, U32, U32>, {*type}, {*type, types::b32, types::b32}};
    });
  }
  if (op == "bfi" && bits && type->bytes >= 4) {
    return Form{type->bytes == 4 ? &bfi<U32> : &bfi<std::uint64_t>,
                {*type},
                {*type, *type, types::b32, types::b32}};
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
