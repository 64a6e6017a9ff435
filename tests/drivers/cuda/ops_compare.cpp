// Comparisons and selections: setp, set, selp, slct.
#include <array>
#include <functional>
#include <type_traits>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/half.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

enum class Compare : std::uint8_t {
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  lo,
  ls,
  hi,
  hs,
  equ,
  neu,
  ltu,
  leu,
  gtu,
  geu,
  num,
  nan
};

template <class T, Compare compare>
bool holds(T a, T b) {
  bool unordered = false;
  if constexpr (!std::is_integral_v<T>) unordered = a != a || b != b;
  switch (compare) {
    case Compare::eq: return a == b;
    case Compare::ne: return !unordered && a != b;
    case Compare::lt:
    case Compare::lo: return a < b;
    case Compare::le:
    case Compare::ls: return a <= b;
    case Compare::gt:
    case Compare::hi: return a > b;
    case Compare::ge:
    case Compare::hs: return a >= b;
    case Compare::equ: return unordered || a == b;
    case Compare::neu: return unordered || a != b;
    case Compare::ltu: return unordered || a < b;
    case Compare::leu: return unordered || a <= b;
    case Compare::gtu: return unordered || a > b;
    case Compare::geu: return unordered || a >= b;
    case Compare::num: return !unordered;
    case Compare::nan: return unordered;
  }
}

// Instruction::detail: how the result is joined with a third predicate operand.
enum class Join : std::uint8_t { none, both, either, exclusive };

Mask joined(Join join, Mask value, Mask with) {
  switch (join) {
    case Join::none: return value;
    case Join::both: return value & with;
    case Join::either: return value | with;
    case Join::exclusive: return value ^ with;
  }
  return value;
}

template <class T, Compare compare>
Mask compared(Warp& warp, const Instruction& i, Mask mask) {
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  Mask result = 0;
  for_lanes(mask, [&](int lane) {
    result |= static_cast<Mask>(holds<T, compare>(a[lane], b[lane])) << lane;
  });
  return result;
}

template <class T, Compare compare>
void setp(Warp& warp, const Instruction& i, Mask mask) {
  const Join join = static_cast<Join>(i.detail);
  const Mask with = join == Join::none ? 0 : warp.negatable(i, 2);
  const Mask value = compared<T, compare>(warp, i, mask);
  write_predicate(warp, i.to[0], mask, joined(join, value, with));
  if (i.has_second) write_predicate(warp, i.to[1], mask, joined(join, ~value, with));
}

template <class T, Compare compare, class D>
void set(Warp& warp, const Instruction& i, Mask mask) {
  const Join join = static_cast<Join>(i.detail);
  const Mask with = join == Join::none ? 0 : warp.negatable(i, 2);
  const Mask value = joined(join, compared<T, compare>(warp, i, mask), with);
  D* const to = warp.lanes<D>(i.to[0]);
  const D yes = std::is_floating_point_v<D> ? D{1} : static_cast<D>(-1);
  for_lanes(mask, [=](int lane) { to[lane] = (value >> lane & 1) != 0 ? yes : D{0}; });
}

template <class T>
void selp(Warp& warp, const Instruction& i, Mask mask) {
  const Mask which = warp.negatable(i, 2);
  T* const to = warp.lanes<T>(i.to[0]);
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  for_lanes(mask, [=](int lane) { to[lane] = (which >> lane & 1) != 0 ? a[lane] : b[lane]; });
}

template <class T, class C>
void slct(Warp& warp, const Instruction& i, Mask mask) {
  T* const to = warp.lanes<T>(i.to[0]);
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  const C* const c = warp.lanes<C>(i.from[2]);
  for_lanes(mask, [=](int lane) { to[lane] = c[lane] >= 0 ? a[lane] : b[lane]; });
}

using Handlers = std::array<Handler, 18>;

template <class T, std::size_t... n>
constexpr Handlers all_setp(std::index_sequence<n...>) {
  return {&setp<T, static_cast<Compare>(n)>...};
}
template <class T, class D, std::size_t... n>
constexpr Handlers all_set(std::index_sequence<n...>) {
  return {&set<T, static_cast<Compare>(n), D>...};
}

// Handlers of setp, or of set into 32 bits (`into` 'u') or an f32 ('f').
template <class T>
Handler handler(Compare compare, char into) {
  static constexpr std::make_index_sequence<18> numbers;
  static constexpr Handlers setps = all_setp<T>(numbers),
                            words = all_set<T, std::uint32_t>(numbers),
                            floats = all_set<T, float>(numbers);
  const auto n = static_cast<std::size_t>(compare);
  return into == 'p' ? setps[n] : into == 'u' ? words[n] : floats[n];
}

std::optional<Form> comparison(Mnemonic m, ptx::Type type, char into) {
  const auto compare = m.take_one_of({"eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs",
                                      "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
  const auto join = m.take_one_of({"and", "or", "xor"});
  const bool floating = type.kind == ptx::Type::Kind::floating;
  // Emulated halves and floats keep denormals in comparisons: flushing would only make ties of
  // them.
  const bool ftz = m.take("ftz");
  if (!compare || !m.empty() || type.bytes < 2 || (ftz && type != types::f32)) return std::nullopt;
  const auto which = static_cast<Compare>(*compare);
  if (!floating && which >= Compare::equ) return std::nullopt;
  if (which >= Compare::lo && which <= Compare::hs && type.kind != ptx::Type::Kind::unsigned_)
    return std::nullopt;
  Form form{nullptr, {into == 'p' ? types::pred : types::b32}, {type, type}};
  if (join) form.from.push_back(types::pred);
  form.detail = static_cast<std::uint8_t>(join ? *join + 1 : 0);
  if (floating)
    form.handler = type.bytes == 2   ? handler<Half>(which, into)
                   : type.bytes == 4 ? handler<float>(which, into)
                                     : handler<double>(which, into);
  else
    form.handler =
        with_integer<Handler>(type, [&]<class T>(Of<T>) { return handler<T>(which, into); });
  return form;
}

template <class T>
Handler slct_handler(bool by_float) {
  return by_float ? &slct<T, float> : &slct<T, std::int32_t>;
}

}  // namespace

std::optional<Form> compare_form(Mnemonic m) {
  const std::string_view op = m.op();
  const auto type = m.take_type();
  if (!type) return std::nullopt;
  if (op == "setp") return comparison(m, *type, 'p');
  if (op == "set") {
    const auto into = m.take_type();
    if (!into || into->bytes != 4) return std::nullopt;
    return comparison(m, *type, into->kind == ptx::Type::Kind::floating ? 'f' : 'u');
  }
  if (op == "selp" && m.empty()) {
    return with_integer<std::optional<Form>>(
        {ptx::Type::Kind::bits, type->bytes}, [&]<class T>(Of<T>) {
          return Form{&selp<T>, {*type}, {*type, *type, types::pred}};
        });
  }
  if (op == "slct" && type->bytes == 4) {
    const bool by_float = type->kind == ptx::Type::Kind::floating;
    m.take("ftz");
    const auto of = m.take_type();
    if (!of || !m.empty() || of->bytes < 2 || (!by_float && type->kind != ptx::Type::Kind::signed_))
      return std::nullopt;
    return with_integer<std::optional<Form>>(
        {ptx::Type::Kind::bits, of->bytes}, [&]<class T>(Of<T>) {
          return Form{slct_handler<T>(by_float), {*of}, {*of, *of, *type}};
        });
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
