// Whether an outlook that a search found keeps what it promised.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/base/time.h"
#include "runtime/sched/outlook.h"

namespace troika {

// Under the executor's lock.
class OutlookTrial {
 public:
  // Runs are judged by the shortest of so many.
  static constexpr unsigned runs = 5;

  // Runs go by another outlook from now on; null: `before` was none.
  void begin(std::shared_ptr<const Outlook> before) {
    // Of two trials in a row the first says what there was before.
    if (left_ == 0) before_ = {std::move(before), std::exchange(least_, forever)};
    least_ = forever;
    left_ = runs;
  }
  // A run by the present outlook took so long. True: it was shorter by the one before.
  bool observe(Nanos took) noexcept {
    least_ = std::min(least_, took);
    return left_ != 0 && --left_ == 0 && least_ > before_.second;
  }
  // The outlook before, whose runs count again.
  std::shared_ptr<const Outlook> take_back() {
    least_ = before_.second;
    return std::move(before_.first);
  }

 private:
  Nanos least_ = forever;  // of runs by the present outlook
  unsigned left_ = 0;      // runs to go until it is judged
  std::pair<std::shared_ptr<const Outlook>, Nanos> before_{nullptr, forever};
};

}  // namespace troika
