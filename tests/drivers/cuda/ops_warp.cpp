// What lanes of a warp do together: shuffles, votes, matches, reductions. from[0] is the member
// mask, which PTX writes last; the warp has seen to it that all members are here.
#include <algorithm>

#include "tests/drivers/cuda/forms.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

using U32 = std::uint32_t;

enum class Shuffle : std::uint8_t { up, down, bfly, idx };

// The lane that a value comes from, and whether that is one of the segment.
std::pair<int, bool> source(Shuffle kind, int lane, U32 b, U32 c) {
  const int by = static_cast<int>(b & 31), clamp = static_cast<int>(c & 31),
            segment = static_cast<int>(c >> 8 & 31);
  const int last = (lane & segment) | (clamp & ~segment), first = lane & segment;
  int from = lane;
  bool inside = false;
  switch (kind) {
    case Shuffle::up:
      from = lane - by;
      inside = from >= last;
      break;
    case Shuffle::down:
      from = lane + by;
      inside = from <= last;
      break;
    case Shuffle::bfly:
      from = lane ^ by;
      inside = from <= last;
      break;
    case Shuffle::idx:
      from = first | (by & ~segment);
      inside = from <= last;
      break;
  }
  return {inside ? from : lane, inside};
}

void shfl(Warp& warp, const Instruction& i, Mask mask) {
  U32* const to = warp.lanes<U32>(i.to[0]);
  const U32 *const a = warp.lanes<U32>(i.from[1]), *const b = warp.lanes<U32>(i.from[2]),
                   *const c = warp.lanes<U32>(i.from[3]);
  U32 result[warp_size];
  Mask valid = 0;
  for_lanes(mask, [&](int lane) {
    const auto [from, inside] = source(static_cast<Shuffle>(i.detail), lane, b[lane], c[lane]);
    // A source that takes no part gives what no program may rely on.
    result[lane] = (mask >> from & 1) != 0 ? a[from] : 0xCBCBCBCB;
    valid |= static_cast<Mask>(inside) << lane;
  });
  for_lanes(mask, [&](int lane) { to[lane] = result[lane]; });
  if (i.has_second) write_predicate(warp, i.to[1], mask, valid);
}

void ballot(Warp& warp, const Instruction& i, Mask mask) {
  const Mask votes = warp.negatable(i, 1) & mask;
  U32* const to = warp.lanes<U32>(i.to[0]);
  for_lanes(mask, [=](int lane) { to[lane] = votes; });
}

void vote(Warp& warp, const Instruction& i, Mask mask) {
  const Mask votes = warp.negatable(i, 1) & mask;
  const bool result = i.detail == 0   ? votes == mask
                      : i.detail == 1 ? votes != 0
                                      : votes == mask || votes == 0;
  write_predicate(warp, i.to[0], mask, result ? mask : 0);
}

void activemask(Warp& warp, const Instruction& i, Mask mask) {
  U32* const to = warp.lanes<U32>(i.to[0]);
  for_lanes(mask, [=](int lane) { to[lane] = mask; });
}

template <class T, bool all>
void match(Warp& warp, const Instruction& i, Mask mask) {
  const T* const a = warp.lanes<T>(i.from[1]);
  U32 result[warp_size];
  for_lanes(mask, [&](int lane) {
    result[lane] = 0;
    for_lanes(mask,
              [&](int other) { result[lane] |= static_cast<U32>(a[other] == a[lane]) << other; });
  });
  U32* const to = warp.lanes<U32>(i.to[0]);
  const bool same = result[std::countr_zero(mask)] == mask;
  for_lanes(mask, [&](int lane) { to[lane] = all ? (same ? mask : 0) : result[lane]; });
  if (i.has_second) write_predicate(warp, i.to[1], mask, same ? mask : 0);
}

template <class T>
T reduced(std::uint8_t how, T a, T b) {
  switch (how) {
    case 0: return static_cast<T>(static_cast<U32>(a) + static_cast<U32>(b));
    case 1: return std::min(a, b);
    case 2: return std::max(a, b);
    case 3: return a & b;
    case 4: return a | b;
    default: return a ^ b;
  }
}

template <class T>
void redux(Warp& warp, const Instruction& i, Mask mask) {
  const T* const a = warp.lanes<T>(i.from[1]);
  T total = a[std::countr_zero(mask)];
  for_lanes(mask & (mask - 1), [&](int lane) { total = reduced(i.detail, total, a[lane]); });
  T* const to = warp.lanes<T>(i.to[0]);
  for_lanes(mask, [=](int lane) { to[lane] = total; });
}

void nothing(Warp&, const Instruction&, Mask) {}

std::optional<Form> form(Handler handler, std::vector<ptx::Type> to, std::vector<ptx::Type> from,
                         std::size_t detail = 0) {
  return Form{handler, std::move(to), std::move(from), false, static_cast<std::uint8_t>(detail)};
}

}  // namespace

std::optional<Form> warp_form(Mnemonic m) {
  const std::string_view op = m.op();
  using namespace types;
  if (op == "nanosleep" && m.take("u32") && m.empty()) return form(&nothing, {}, {b32});
  if (op == "activemask" && m.take("b32") && m.empty()) return form(&activemask, {b32}, {});
  if (op == "bar" && m.take("warp") && m.take("sync") && m.empty())
    return form(&nothing, {}, {b32});
  if (!m.take("sync")) return std::nullopt;
  if (op == "shfl" && m.take("b32")) {
    const auto kind = m.take_one_of({"up", "down", "bfly", "idx"});
    return kind && m.empty() ? form(&shfl, {b32}, {b32, b32, b32, b32}, *kind) : std::nullopt;
  }
  if (op == "vote" && m.take("ballot"))
    return m.take("b32") && m.empty() ? form(&ballot, {b32}, {b32, pred}) : std::nullopt;
  if (op == "vote" && m.take("pred")) {
    const auto kind = m.take_one_of({"all", "any", "uni"});
    return kind && m.empty() ? form(&vote, {pred}, {b32, pred}, *kind) : std::nullopt;
  }
  const auto type = m.take_type();
  if (!type) return std::nullopt;
  if (op == "match" && type->kind == ptx::Type::Kind::bits && type->bytes >= 4) {
    const auto kind = m.take_one_of({"any", "all"});
    if (!kind || !m.empty()) return std::nullopt;
    const Handler handlers[2][2] = {{&match<U32, false>, &match<U32, true>},
                                    {&match<std::uint64_t, false>, &match<std::uint64_t, true>}};
    return form(handlers[type->bytes == 8][*kind], {b32}, {b32, *type});
  }
  if (op == "redux" && type->bytes == 4) {
    const auto kind = m.take_one_of({"add", "min", "max", "and", "or", "xor"});
    const bool bits = type->kind == ptx::Type::Kind::bits;
    if (!kind || !m.empty() || bits != (*kind >= 3)) return std::nullopt;
    return form(type->kind == ptx::Type::Kind::signed_ ? &redux<std::int32_t> : &redux<U32>, {b32},
                {b32, *type}, *kind);
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
