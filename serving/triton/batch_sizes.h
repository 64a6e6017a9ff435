// How many rows a run should have: what runs of each size cost, as learned, and what is best for
// the rows that are there.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "runtime/base/time.h"

namespace troika::triton {

// Sizes have plans; a run of any other number of rows is filled up to the next, or, beyond the
// largest, has a plan of its own. Thread-safe but for learn().
class BatchSizes {
 public:
  // Of a dimension that is at most so large: powers of two, and between any two of them one more.
  static std::vector<std::int64_t> up_to(std::int64_t rows_max);

  // Without any, each number of rows is run as it is, and nothing is known of costs.
  explicit BatchSizes(const std::vector<std::int64_t>& ascending);

  // Before it is used by others: a run of this size takes so long when nothing disturbs it. False
  // when runs of smaller sizes, learned before, take less together.
  bool learn(std::int64_t size, Nanos took);
  // The same: runs have no more rows than this size.
  void end_at(std::int64_t size);
  // A run of so many rows took so long.
  void observe(std::int64_t rows, Nanos took) noexcept;

  std::int64_t filled_up(std::int64_t rows) const noexcept;
  // The first of the runs, of their sizes, that take the least time together; all rows when a
  // single run takes hardly more.
  std::int64_t next_run(std::int64_t rows) const noexcept;
  // What so many rows will take, as things have gone lately; zero when nothing is known.
  Nanos predicted(std::int64_t rows) const noexcept;
  // The same when nothing disturbs it.
  Nanos undisturbed(std::int64_t rows) const noexcept;

 private:
  struct Size {
    std::int64_t rows;
    Nanos takes;
  };
  struct Best {
    Nanos takes;
    std::int64_t first;  // rows of the first run
  };
  void plan();

  std::vector<Size> sizes_;  // ascending
  bool ends_ = false;        // more rows than the largest are more runs
  std::vector<Best> best_;   // by number of rows, up to the largest size
  std::atomic<double> slowdown_{1};
};

}  // namespace troika::triton
