// Runs a loop in the widest instructions this CPU has.
#pragma once

namespace troika::kernels {

// Body::run is an always-inline static function: it is compiled twice, once into here.
template <class Body, class... Args>
[[gnu::target("avx2")]] void run_avx2(const Args&... args) {
  Body::run(args...);
}

template <class Body, class... Args>
void run_wide(const Args&... args) {
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) run_avx2<Body>(args...);
  else Body::run(args...);
}

// The same with products and sums in one instruction, where the caller's file allows it.
template <class Body, class... Args>
[[gnu::target("avx2,fma")]] void run_avx2_fused(const Args&... args) {
  Body::run(args...);
}

template <class Body, class... Args>
void run_wide_fused(const Args&... args) {
  static const bool fused =
      __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  if (fused) run_avx2_fused<Body>(args...);
  else Body::run(args...);
}

}  // namespace troika::kernels
