// Integer arithmetic.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;
template <class T>
using Wide = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>,
    std::conditional_t<sizeof(T) == 4,
                       std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>,
                       std::conditional_t<std::is_signed_v<T>, Int128, Uint128>>>;

// Unsigned, and wide enough that nothing is promoted to a signed int on the way.
template <class T>
std::uint64_t u(T value) {
  return static_cast<std::uint64_t>(static_cast<Unsigned<T>>(value));
}

template <class T>
struct Add {
  T operator()(T a, T b) const { return static_cast<T>(u(a) + u(b)); }
};
template <class T>
struct Sub {
  T operator()(T a, T b) const { return static_cast<T>(u(a) - u(b)); }
};
template <class T>
struct MulLo {
  T operator()(T a, T b) const { return static_cast<T>(u(a) * u(b)); }
};
template <class T>
struct MulHi {
  T operator()(T a, T b) const {
    return static_cast<T>((Wide<T>{a} * Wide<T>{b}) >> (8 * sizeof(T)));
  }
};
template <class T>
struct MulWide {
  Wide<T> operator()(T a, T b) const { return Wide<T>{a} * Wide<T>{b}; }
};
template <class T>
struct MadLo {
  T operator()(T a, T b, T c) const { return static_cast<T>(u(a) * u(b) + u(c)); }
};
template <class T>
struct MadHi {
  T operator()(T a, T b, T c) const { return Add<T>()(MulHi<T>()(a, b), c); }
};
template <class T>
struct MadWide {
  Wide<T> operator()(T a, T b, Wide<T> c) const {
    return static_cast<Wide<T>>(u(MulWide<T>()(a, b)) + u(c));
  }
};
template <class T>
struct Div {
  T operator()(T a, T b) const {
    if (b == 0) return static_cast<T>(-1);  // unspecified by PTX; what devices give
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return static_cast<T>(0 - u(a));
    return static_cast<T>(a / b);
  }
};
template <class T>
struct Rem {
  T operator()(T a, T b) const {
    if (b == 0) return a;
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return 0;
    return static_cast<T>(a % b);
  }
};
template <class T>
struct Min {
  T operator()(T a, T b) const { return std::min(a, b); }
};
template <class T>
struct Max {
  T operator()(T a, T b) const { return std::max(a, b); }
};
template <class T>
struct Abs {
  T operator()(T a) const { return a < 0 ? static_cast<T>(0 - u(a)) : a; }
};
template <class T>
struct Neg {
  T operator()(T a) const { return static_cast<T>(0 - u(a)); }
};
template <class T>
struct Sad {
  T operator()(T a, T b, T c) const {
    return static_cast<T>(u(c) + (a < b ? u(b) - u(a) : u(a) - u(b)));
  }
};
template <class T>
struct Mul24Lo {
  static std::int64_t narrow(T a) {
    return std::is_signed_v<T> ? static_cast<std::int64_t>(u(a) << 40) >> 40
                               : static_cast<std::int64_t>(u(a) & 0xFFFFFF);
  }
  T operator()(T a, T b) const { return static_cast<T>(narrow(a) * narrow(b)); }
  T operator()(T a, T b, T c) const {
    return static_cast<T>(u(static_cast<T>(narrow(a) * narrow(b))) + u(c));
  }
};
template <class A, class B>
struct Dot4 {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    for (int byte = 0; byte < 32; byte += 8) {
      c += static_cast<std::uint32_t>(static_cast<int>(static_cast<A>(a >> byte)) *
                                      static_cast<int>(static_cast<B>(b >> byte)));
    }
    return c;
  }
};
template <class A, class B, int base>
struct Dot2 {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    for (int i = 0; i < 2; ++i) {
      c += static_cast<std::uint32_t>(static_cast<int>(static_cast<A>(a >> (16 * i))) *
                                      static_cast<int>(static_cast<B>(b >> (8 * (i + base)))));
    }
    return c;
  }
};

template <template <class> class F>
std::optional<Form> same(const Mnemonic& m, ptx::Type type) {
  if (!m.empty() || type.bytes < 2) return std::nullopt;
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) {
    return Form{&binary<F<T>, T, T, T>, {type}, {type, type}};
  });
}

template <template <class> class F>
std::optional<Form> same_one(const Mnemonic& m, ptx::Type type) {
  if (!m.empty() || type.kind != ptx::Type::Kind::signed_) return std::nullopt;
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) {
    return Form{&unary<F<T>, T, T>, {type}, {type}};
  });
}

template <template <class> class F>
std::optional<Form> same_three(const Mnemonic& m, ptx::Type type) {
  if (!m.empty()) return std::nullopt;
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) {
    return Form{&ternary<F<T>, T, T, T, T>, {type}, {type, type, type}};
  });
}

std::optional<Form> product(Mnemonic m, ptx::Type type, bool adds) {
  const auto part = m.take_one_of({"lo", "hi", "wide"});
  if (!part || !m.empty() || type.bytes < 2) return std::nullopt;
  if (*part == 0) return adds ? same_three<MadLo>(m, type) : same<MulLo>(m, type);
  if (*part == 1) return adds ? same_three<MadHi>(m, type) : same<MulHi>(m, type);
  if (type.bytes > 4) return std::nullopt;
  const ptx::Type wide{type.kind, static_cast<std::uint8_t>(type.bytes * 2)};
  return with_integer<std::optional<Form>>(type, [&]<class T>(Of<T>) -> std::optional<Form> {
    if constexpr (sizeof(T) == 2 || sizeof(T) == 4) {
      if (adds)
        return Form{&ternary<MadWide<T>, Wide<T>, T, T, Wide<T>>, {wide}, {type, type, wide}};
      return Form{&binary<MulWide<T>, Wide<T>, T, T>, {wide}, {type, type}};
    }
    return std::nullopt;
  });
}

std::optional<Form> product24(Mnemonic m, ptx::Type type, bool adds) {
  if (!m.take("lo") || !m.empty() || type.bytes != 4) return std::nullopt;
  return adds ? same_three<Mul24Lo>(m, type) : same<Mul24Lo>(m, type);
}

// dp4a.atype.btype, dp2a.{lo,hi}.atype.btype
std::optional<Form> dot(Mnemonic m, ptx::Type b, bool four) {
  const auto a = m.take_type();
  const auto half = m.take_one_of({"lo", "hi"});
  if (!a || a->bytes != 4 || b.bytes != 4 || !m.empty() || half.has_value() == four)
    return std::nullopt;
  const bool sa = a->kind == ptx::Type::Kind::signed_, sb = b.kind == ptx::Type::Kind::signed_;
  const auto form = [](Handler handler) {
    return Form{handler, {types::b32}, {types::b32, types::b32, types::b32}};
  };
  const auto choose = [&]<class A8, class A16, class B>(Of<A8>, Of<A16>, Of<B>) {
    using U = std::uint32_t;
    if (four) return form(&ternary<Dot4<A8, B>, U, U, U, U>);
    return *half == 0 ? form(&ternary<Dot2<A16, B, 0>, U, U, U, U>)
                      : form(&ternary<Dot2<A16, B, 2>, U, U, U, U>);
  };
  const auto second = [&]<class A8, class A16>(Of<A8> a8, Of<A16> a16) {
    return sb ? choose(a8, a16, Of<std::int8_t>()) : choose(a8, a16, Of<std::uint8_t>());
  };
  return sa ? second(Of<std::int8_t>(), Of<std::int16_t>())
            : second(Of<std::uint8_t>(), Of<std::uint16_t>());
}

}  // namespace

std::optional<Form> integer_form(Mnemonic m) {
  const auto type = m.take_type();
  if (!type || (type->kind != ptx::Type::Kind::signed_ && type->kind != ptx::Type::Kind::unsigned_))
    return std::nullopt;
  const std::string_view op = m.op();
  if (op == "add") return same<Add>(m, *type);
  if (op == "sub") return same<Sub>(m, *type);
  if (op == "mul") return product(m, *type, false);
  if (op == "mad") return product(m, *type, true);
  if (op == "mul24") return product24(m, *type, false);
  if (op == "mad24") return product24(m, *type, true);
  if (op == "div") return same<Div>(m, *type);
  if (op == "rem") return same<Rem>(m, *type);
  if (op == "min") return same<Min>(m, *type);
  if (op == "max") return same<Max>(m, *type);
  if (op == "abs") return same_one<Abs>(m, *type);
  if (op == "neg") return same_one<Neg>(m, *type);
  if (op == "sad") return same_three<Sad>(m, *type);
  if (op == "dp4a") return dot(m, *type, true);
  if (op == "dp2a") return dot(m, *type, false);
  return std::nullopt;
}

}  // namespace cuda_emulator
