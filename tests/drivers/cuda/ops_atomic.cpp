// Atomics, in every space. Devices and the host may meet in one place, so they are the host's too.
#include <algorithm>
#include <atomic>
#include <type_traits>

#include "tests/drivers/cuda/address.h"
#include "tests/drivers/cuda/half.h"
#include "tests/drivers/cuda/memory_forms.h"

namespace cuda_emulator {
namespace {

template <class T>
struct Add {
  T operator()(T old, T b) const {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old) +
                            static_cast<std::make_unsigned_t<T>>(b));
    else return static_cast<T>(old + b);
  }
};
template <class T>
struct Min {
  T operator()(T old, T b) const { return std::min(old, b); }
};
template <class T>
struct Max {
  T operator()(T old, T b) const { return std::max(old, b); }
};
template <class T>
struct And {
  T operator()(T old, T b) const { return old & b; }
};
template <class T>
struct Or {
  T operator()(T old, T b) const { return old | b; }
};
template <class T>
struct Xor {
  T operator()(T old, T b) const { return old ^ b; }
};
template <class T>
struct Exch {
  T operator()(T, T b) const { return b; }
};
template <class T>
struct Inc {
  T operator()(T old, T b) const { return old >= b ? T{0} : static_cast<T>(old + 1); }
};
template <class T>
struct Dec {
  T operator()(T old, T b) const { return old == 0 || old > b ? b : static_cast<T>(old - 1); }
};

template <class T>
using Bits = std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;

// Calls replace(lane, old) until its result is what took the place of old. Keeps old in to[0], if
// any.
template <class T, class Replace>
void exchange(Warp& warp, const Instruction& i, Mask mask, Replace replace) {
  T* const to = i.has_second ? warp.lanes<T>(i.to[0]) : nullptr;
  int now = 0;
  naming_thread(warp, now, [&] {
    for_lanes(mask, [&](int lane) {
      now = lane;
      const std::uint64_t address = address_of(warp, i, lane);
      std::byte* const at = bytes_at(warp, i, lane, address, sizeof(T), Access::atomic);
      const std::atomic_ref<Bits<T>> place(*reinterpret_cast<Bits<T>*>(at));
      Bits<T> old = place.load();
      while (!place.compare_exchange_weak(
          old, std::bit_cast<Bits<T>>(replace(lane, std::bit_cast<T>(old))))) {
      }
      if (to != nullptr) to[lane] = std::bit_cast<T>(old);
    });
  });
}

template <class F, class T>
void atomic(Warp& warp, const Instruction& i, Mask mask) {
  const T* const b = warp.lanes<T>(i.from[1]);
  exchange<T>(warp, i, mask, [b](int lane, T old) { return F()(old, b[lane]); });
}

template <class T>
void cas(Warp& warp, const Instruction& i, Mask mask) {
  const T *const expected = warp.lanes<T>(i.from[1]), *const desired = warp.lanes<T>(i.from[2]);
  exchange<T>(warp, i, mask,
              [=](int lane, T old) { return old == expected[lane] ? desired[lane] : old; });
}

struct AddPair {
  std::uint32_t operator()(std::uint32_t old, std::uint32_t b) const {
    const auto half = [](std::uint32_t word, int n) {
      return std::bit_cast<Half>(static_cast<std::uint16_t>(word >> (16 * n)));
    };
    const auto sum = [&](int n) {
      return std::uint32_t{
          std::bit_cast<std::uint16_t>(static_cast<Half>(half(old, n) + half(b, n)))};
    };
    return sum(1) << 16 | sum(0);
  }
};

template <class T>
Handler integer_handler(std::string_view operation) {
  if (operation == "add") return &atomic<Add<T>, T>;
  if (operation == "min") return &atomic<Min<T>, T>;
  if (operation == "max") return &atomic<Max<T>, T>;
  if constexpr (std::is_same_v<T, std::uint32_t>) {
    if (operation == "inc") return &atomic<Inc<T>, T>;
    if (operation == "dec") return &atomic<Dec<T>, T>;
  }
  return nullptr;
}

template <class T>
Handler bits_handler(std::string_view operation) {
  if (operation == "and") return &atomic<And<T>, T>;
  if (operation == "or") return &atomic<Or<T>, T>;
  if (operation == "xor") return &atomic<Xor<T>, T>;
  if (operation == "exch") return &atomic<Exch<T>, T>;
  if (operation == "cas") return &cas<T>;
  return nullptr;
}

Handler floating_handler(const ptx::Type type, std::string_view operation, bool pair) {
  if (operation != "add") return nullptr;
  if (pair) return &atomic<AddPair, std::uint32_t>;
  switch (type.bytes) {
    case 2: return &atomic<Add<Half>, Half>;
    case 4: return &atomic<Add<float>, float>;
    default: return &atomic<Add<double>, double>;
  }
}

}  // namespace

Handler atomic_handler(const MemoryForm& form) {
  const ptx::Type type = form.type;
  const bool wide = type.bytes == 8;
  if (form.space == ptx::Space::local || form.space == ptx::Space::param ||
      form.space == ptx::Space::constant)
    return nullptr;
  if (form.op == MemoryOp::reduce && (form.operation == "cas" || form.operation == "exch"))
    return nullptr;
  switch (type.kind) {
    case ptx::Type::Kind::bits:
      if (type.bytes == 2) return form.operation == "cas" ? &cas<std::uint16_t> : nullptr;
      if (type.bytes < 4) return nullptr;
      return wide ? bits_handler<std::uint64_t>(form.operation)
                  : bits_handler<std::uint32_t>(form.operation);
    case ptx::Type::Kind::unsigned_:
      if (type.bytes < 4) return nullptr;
      return wide ? integer_handler<std::uint64_t>(form.operation)
                  : integer_handler<std::uint32_t>(form.operation);
    case ptx::Type::Kind::signed_:
      if (type.bytes < 4 || form.operation == "inc" || form.operation == "dec") return nullptr;
      return wide ? integer_handler<std::int64_t>(form.operation)
                  : integer_handler<std::int32_t>(form.operation);
    case ptx::Type::Kind::floating:
      return floating_handler(type, form.operation, form.elements == 2);
    default: return nullptr;
  }
}

}  // namespace cuda_emulator
