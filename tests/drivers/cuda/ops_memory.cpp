// Loads and stores.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tests/drivers/cuda/address.h"
#include "tests/drivers/cuda/memory_forms.h"

namespace cuda_emulator {
namespace {

// T in memory, R in the register.
template <class T, class R>
void load(Warp& warp, const Instruction& i, Mask mask) {
  R* to[4];
  for (std::size_t n = 0; n < i.elements; ++n) to[n] = warp.lanes<R>(i.to[n]);
  const auto bytes = static_cast<std::uint32_t>(sizeof(T) * i.elements);
  int now = 0;
  naming_thread(warp, now, [&] {
    for_lanes(mask, [&](int lane) {
      now = lane;
      const std::byte* const at =
          bytes_at(warp, i, lane, address_of(warp, i, lane), bytes, Access::read);
      T values[4];
      std::memcpy(values, at, bytes);
      for (std::size_t n = 0; n < i.elements; ++n) to[n][lane] = static_cast<R>(values[n]);
    });
  });
}

template <class T, class R>
void store(Warp& warp, const Instruction& i, Mask mask) {
  const R* from[4];
  for (std::size_t n = 0; n < i.elements; ++n) from[n] = warp.lanes<R>(i.from[n + 1]);
  const auto bytes = static_cast<std::uint32_t>(sizeof(T) * i.elements);
  int now = 0;
  naming_thread(warp, now, [&] {
    for_lanes(mask, [&](int lane) {
      now = lane;
      T values[4];
      for (std::size_t n = 0; n < i.elements; ++n) values[n] = static_cast<T>(from[n][lane]);
      std::memcpy(bytes_at(warp, i, lane, address_of(warp, i, lane), bytes, Access::write), values,
                  bytes);
    });
  });
}

std::optional<ptx::Space> take_space(Mnemonic& m) {
  const auto which = m.take_one_of({"global", "shared", "local", "param", "const", "shared::cta",
                                    "param::entry", "param::func"});
  if (!which) return ptx::Space::generic;
  static constexpr ptx::Space all[] = {ptx::Space::global, ptx::Space::shared,   ptx::Space::local,
                                       ptx::Space::param,  ptx::Space::constant, ptx::Space::shared,
                                       ptx::Space::param,  ptx::Space::param};
  return all[*which];
}

// Caches and orders: all accesses are sequentially consistent here, so that every one of them
// holds.
void take_ordering(Mnemonic& m, bool loads) {
  if (m.take("volatile")) return;
  if (m.take("weak")) return;
  if (m.take_one_of({"relaxed", loads ? "acquire" : "release", "acq_rel"})) {
    m.take_one_of({"cta", "cluster", "gpu", "sys"});
    return;
  }
  m.take_one_of({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  if (loads) {
    m.take("nc");
    m.take_one_of({"L1::evict_last", "L1::evict_first", "L1::no_allocate"});
    m.take_one_of({"L2::64B", "L2::128B", "L2::256B"});
  }
}

}  // namespace

std::optional<MemoryForm> memory_form(std::string_view mnemonic) {
  Mnemonic m(mnemonic);
  const std::string_view op = m.op();
  const bool loads = op == "ld" || op == "ldu", atomic = op == "atom" || op == "red";
  if (!loads && op != "st" && !atomic) return std::nullopt;
  const bool pair = m.take("f16x2");
  const auto type = pair ? std::optional(ptx::Type{ptx::Type::Kind::floating, 4}) : m.take_type();
  if (!type || (pair && !atomic) || type->kind == ptx::Type::Kind::predicate || type->bytes == 16)
    return std::nullopt;
  MemoryForm form;
  form.op = loads          ? MemoryOp::load
            : op == "st"   ? MemoryOp::store
            : op == "atom" ? MemoryOp::atomic
                           : MemoryOp::reduce;
  form.type = *type;
  form.space = *take_space(m);
  if (atomic) {
    m.take_one_of({"relaxed", "acquire", "release", "acq_rel"});
    m.take_one_of({"cta", "cluster", "gpu", "sys"});
    m.take("noftz");
    if (m.parts().size() != 1) return std::nullopt;
    form.operation = m.parts().front();
    form.elements = pair ? 2 : 1;
    return form;
  }
  if (!loads && form.space == ptx::Space::constant) return std::nullopt;
  if (m.take("v2")) form.elements = 2;
  if (m.take("v4")) form.elements = 4;
  take_ordering(m, loads);
  if (!m.empty() || form.elements * type->bytes > 16) return std::nullopt;
  return form;
}

Handler access_handler(const MemoryForm& form, std::uint8_t register_bytes) {
  ptx::Type type = form.type;
  const bool loads = form.op == MemoryOp::load;
  // Only the sign of a loaded integer matters.
  if (type.kind == ptx::Type::Kind::floating || !loads) type.kind = ptx::Type::Kind::bits;
  return with_integer<Handler>(type, [&]<class T>(Of<T>) -> Handler {
    const auto choose = [&]<class R>(Of<R>) -> Handler {
      if constexpr (sizeof(R) >= sizeof(T)) return loads ? &load<T, R> : &store<T, R>;
      return nullptr;
    };
    switch (register_bytes) {
      case 2: return choose(Of<std::uint16_t>());
      case 4: return choose(Of<std::uint32_t>());
      case 8: return choose(Of<std::uint64_t>());
      default: return nullptr;
    }
  });
}

}  // namespace cuda_emulator
