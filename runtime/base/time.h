// Time inside Troika: nanoseconds since an origin that the environment chooses.
#pragma once

#include <chrono>

namespace troika {

using Nanos = std::chrono::nanoseconds;

inline constexpr Nanos forever = Nanos::max();

constexpr double to_seconds(Nanos t) noexcept { return std::chrono::duration<double>(t).count(); }
constexpr Nanos from_seconds(double s) noexcept {
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(s));
}

}  // namespace troika
