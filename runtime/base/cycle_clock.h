// The processor's cycle counter, where it runs at one rate on every core, as time between two looks
// at a clock: it is read in a fraction of the time that the clock takes.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "runtime/base/time.h"

namespace troika {

// Whether there is one that may be used so.
bool has_cycle_clock() noexcept;

// 0 where there is none.
inline std::uint64_t cycles() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

// A clock and the counter, read together.
struct CycleMark {
  Nanos time{0};
  std::uint64_t cycles = 0;
};

// Nanoseconds in a cycle between the two; 0, which is none, where they lie too close to tell.
double nanos_per_cycle(const CycleMark& from, const CycleMark& to) noexcept;

inline Nanos time_at(const CycleMark& mark, double nanos_per_cycle, std::uint64_t now) noexcept {
  const auto since = static_cast<double>(static_cast<std::int64_t>(now - mark.cycles));
  return mark.time + Nanos{static_cast<Nanos::rep>(since * nanos_per_cycle)};
}

}  // namespace troika
