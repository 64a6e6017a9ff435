// Loops over the lanes of a warp: handlers are made of them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/drivers/cuda/warp.h"

namespace cuda_emulator {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

template <class F>
void for_lanes(Mask mask, F&& f) {
  if (mask == ~Mask{0}) {
    for (int lane = 0; lane < warp_size; ++lane) f(lane);
  } else {
    for (; mask != 0; mask &= mask - 1) f(std::countr_zero(mask));
  }
}

// to = F(from[0]), F(from[0], from[1]), …; F is a stateless callable.
template <class F, class D, class A>
void unary(Warp& warp, const Instruction& i, Mask mask) {
  D* const to = warp.lanes<D>(i.to[0]);
  const A* const a = warp.lanes<A>(i.from[0]);
  for_lanes(mask, [=](int lane) { to[lane] = static_cast<D>(F()(a[lane])); });
}

template <class F, class D, class A, class B>
void binary(Warp& warp, const Instruction& i, Mask mask) {
  D* const to = warp.lanes<D>(i.to[0]);
  const A* const a = warp.lanes<A>(i.from[0]);
  const B* const b = warp.lanes<B>(i.from[1]);
  for_lanes(mask, [=](int lane) { to[lane] = static_cast<D>(F()(a[lane], b[lane])); });
}

template <class F, class D, class A, class B, class C>
void ternary(Warp& warp, const Instruction& i, Mask mask) {
  D* const to = warp.lanes<D>(i.to[0]);
  const A* const a = warp.lanes<A>(i.from[0]);
  const B* const b = warp.lanes<B>(i.from[1]);
  const C* const c = warp.lanes<C>(i.from[2]);
  for_lanes(mask, [=](int lane) { to[lane] = static_cast<D>(F()(a[lane], b[lane], c[lane])); });
}

inline void write_predicate(Warp& warp, Slot to, Mask mask, Mask value) {
  Mask& all = warp.predicate(to);
  all = (all & ~mask) | (value & mask);
}

}  // namespace cuda_emulator
