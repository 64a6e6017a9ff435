// Which runs can still meet their deadlines beside those that were promised theirs.
#pragma once

#include <span>

#include "runtime/base/time.h"

namespace troika {

// What has to be done by when.
struct Due {
  Nanos deadline{0};
  double area_nanos = 0;  // of all lanes, by the prices of its outlook
};

// A run is let in if its longest path ends in time, and if for each deadline from its own on, the
// work that is due by then fits into the time until then. How much fits is learned: a share of all
// lanes' time at the prices of the runs, less while runs end late, more while they do not.
class Deadlines {
 public:
  // `promised`: what is left of the runs that were let in, in any order.
  bool admits(std::span<const Due> promised, const Due& run, Nanos longest_path, Nanos now) const;
  // A run that was let in has ended.
  void observe(bool late) noexcept;
  double share() const noexcept { return share_; }

 private:
  double share_ = 1;
};

}  // namespace troika
