// Integer arithmetic with the condition code register: add.cc, addc, sub.cc, subc, mad.cc, madc.
#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

// The frame's carry bit of every lane goes in if `in`, and comes out if `out`.
template <class T, bool in, bool out, class Sum>
void with_carry(Warp& warp, const Instruction& i, Mask mask, Sum sum) {
  T* const to = warp.lanes<T>(i.to[0]);
  Mask& carry = warp.frame().carry;
  for_lanes(mask, [&](int lane) {
    const Uint128 wide = sum(lane, in ? carry >> lane & 1 : 0u);
    to[lane] = static_cast<T>(wide);
    if constexpr (out) {
      const Mask bit = static_cast<Mask>(wide >> (8 * sizeof(T)) & 1);
      carry = (carry & ~(Mask{1} << lane)) | bit << lane;
    }
  });
}

template <class T, bool in, bool out>
void add(Warp& warp, const Instruction& i, Mask mask) {
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  with_carry<T, in, out>(warp, i, mask, [=](int lane, unsigned carry) {
    return static_cast<Uint128>(a[lane]) + b[lane] + carry;
  });
}

// The carry of a subtraction is its borrow.
template <class T, bool in, bool out>
void subtract(Warp& warp, const Instruction& i, Mask mask) {
  const T *const a = warp.lanes<T>(i.from[0]), *const b = warp.lanes<T>(i.from[1]);
  with_carry<T, in, out>(warp, i, mask, [=](int lane, unsigned borrow) {
    return static_cast<Uint128>(a[lane]) - b[lane] - borrow;
  });
}

template <class T, class S, bool high, bool in, bool out>
void multiply_add(Warp& warp, const Instruction& i, Mask mask) {
  const S *const a = warp.lanes<S>(i.from[0]), *const b = warp.lanes<S>(i.from[1]);
  const T* const c = warp.lanes<T>(i.from[2]);
  with_carry<T, in, out>(warp, i, mask, [=](int lane, unsigned carry) {
    // Signs are extended; what is asked for of the product lies below what wraps.
    const Uint128 product = static_cast<Uint128>(a[lane]) * static_cast<Uint128>(b[lane]);
    const T part = static_cast<T>(high ? product >> (8 * sizeof(T)) : product);
    return static_cast<Uint128>(part) + c[lane] + carry;
  });
}

template <class T, class S, bool high>
Handler multiply_add_handler(bool in, bool out) {
  if (in)
    return out ? &multiply_add<T, S, high, true, true> : &multiply_add<T, S, high, true, false>;
  return &multiply_add<T, S, high, false, true>;
}

template <class T, class S>
Handler handler_of(std::string_view op, bool in, bool out, bool high) {
  if (op == "add") return &add<T, false, true>;
  if (op == "addc") return out ? &add<T, true, true> : &add<T, true, false>;
  if (op == "sub") return &subtract<T, false, true>;
  if (op == "subc") return out ? &subtract<T, true, true> : &subtract<T, true, false>;
  return high ? multiply_add_handler<T, S, true>(in, out)
              : multiply_add_handler<T, S, false>(in, out);
}

}  // namespace

std::optional<Form> carry_form(Mnemonic m) {
  const auto type = m.take_type();
  if (!type || type->bytes < 4 ||
      (type->kind != ptx::Type::Kind::signed_ && type->kind != ptx::Type::Kind::unsigned_)) {
    return std::nullopt;
  }
  const std::string_view op = m.op();
  const bool in = op == "addc" || op == "subc" || op == "madc",
             multiplies = op == "mad" || op == "madc";
  if (!in && op != "add" && op != "sub" && op != "mad") return std::nullopt;
  const auto part = multiplies ? m.take_one_of({"lo", "hi"}) : std::optional<std::size_t>(0);
  const bool out = m.take("cc");
  if (!part || (!in && !out) || !m.empty()) return std::nullopt;
  const bool is_signed = type->kind == ptx::Type::Kind::signed_, high = *part == 1;
  Form form{nullptr, {*type}, {*type, *type}};
  if (multiplies) form.from.push_back(*type);
  if (type->bytes == 4) {
    form.handler = is_signed ? handler_of<std::uint32_t, std::int32_t>(op, in, out, high)
                             : handler_of<std::uint32_t, std::uint32_t>(op, in, out, high);
  } else {
    form.handler = is_signed ? handler_of<std::uint64_t, std::int64_t>(op, in, out, high)
                             : handler_of<std::uint64_t, std::uint64_t>(op, in, out, high);
  }
  return form;
}

}  // namespace cuda_emulator
