// Brings a device's time stamps onto the environment's clock.
#pragma once

#include <algorithm>

#include "runtime/base/time.h"

namespace troika {

// Drivers stamp with clocks of their own choice, whose offset to ours nobody tells. Each completion
// bounds it from above: what ended at `device` was seen at `host`, a little later. The least bound
// counts, and may grow again as fast as two clocks drift apart.
class ClockOffset {
 public:
  // Parts per million by which a free-running clock may differ from a disciplined one.
  static constexpr std::int64_t drift_ppm = 500;

  void observe(Nanos host, Nanos device) noexcept {
    const Nanos bound = host - device;
    if (!known_) {
      offset_ = bound;
    } else {
      offset_ = std::min(offset_ + (host - seen_) * drift_ppm / 1'000'000, bound);
    }
    known_ = true;
    seen_ = host;
  }
  // Only after an observation.
  bool known() const noexcept { return known_; }
  Nanos to_host(Nanos device) const noexcept { return device + offset_; }

  struct Interval {
    Nanos begin{0}, end{0};
  };
  // Of a queue's next operation, which began when the one before had ended, however the offset has
  // changed since.
  Interval next(Nanos begin, Nanos end) noexcept {
    const Nanos from = std::max(to_host(begin), last_end_);
    last_end_ = std::max(to_host(end), from);
    return {from, last_end_};
  }

 private:
  bool known_ = false;
  Nanos offset_{0};
  Nanos seen_{0};
  Nanos last_end_{0};
};

}  // namespace troika
