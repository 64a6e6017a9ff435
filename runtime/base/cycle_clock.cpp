#include "runtime/base/cycle_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace troika {

bool has_cycle_clock() noexcept {
#if defined(__x86_64__)
  constexpr unsigned leaf = 0x8000'0007, invariant_tsc = 1U << 8;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(leaf, &eax, &ebx, &ecx, &edx) != 0 && (edx & invariant_tsc) != 0;
#else
  return false;
#endif
}

double nanos_per_cycle(const CycleMark& from, const CycleMark& to) noexcept {
  // Reading both takes some tens of nanoseconds, of which nobody knows when.
  constexpr Nanos apart_min{10'000'000};
  if (to.time - from.time < apart_min || to.cycles <= from.cycles) return 0;
  return static_cast<double>((to.time - from.time).count()) /
         static_cast<double>(to.cycles - from.cycles);
}

}  // namespace troika
