#include "serving/triton/batch_sizes.h"

#include <algorithm>

namespace troika::triton {
namespace {

// A run of its own for some rows must save so much of the whole, or it is not worth a second run.
constexpr double worth = 0.1;
// What a run costs beside: requests are taken and answered together, and threads woken for them.
constexpr Nanos beside = std::chrono::microseconds{60};
// What one run that was held up may say, and how much of what is said of late counts.
constexpr double slowdown_max = 4, weight = 0.1;

}  // namespace

std::vector<std::int64_t> BatchSizes::up_to(std::int64_t rows_max) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t power = 1; power <= rows_max; power *= 2) {
    sizes.push_back(power);
    if (const std::int64_t between = power + power / 2; between > power && between <= rows_max)
      sizes.push_back(between);
  }
  if (!sizes.empty() && sizes.back() != rows_max) sizes.push_back(rows_max);
  return sizes;
}

BatchSizes::BatchSizes(const std::vector<std::int64_t>& ascending) {
  for (const std::int64_t rows : ascending) sizes_.push_back({rows, Nanos{0}});
}

bool BatchSizes::learn(std::int64_t size, Nanos took) {
  std::ranges::find(sizes_, size, &Size::rows)->takes = took + beside;
  plan();
  return next_run(size) == size;
}

void BatchSizes::end_at(std::int64_t size) {
  std::erase_if(sizes_, [&](const Size& other) { return other.rows > size; });
  ends_ = true;
  plan();
}

// From few rows to many: the first run of any size, and then what is best for the rest.
void BatchSizes::plan() {
  best_.assign(static_cast<std::size_t>(sizes_.back().rows) + 1, {Nanos{0}, 0});
  for (std::int64_t rows = 1; rows <= sizes_.back().rows; ++rows) {
    const auto whole = std::ranges::lower_bound(sizes_, rows, {}, &Size::rows);
    Best& best = best_[static_cast<std::size_t>(rows)];
    best = {whole->takes, rows};
    Nanos limit{static_cast<std::int64_t>(static_cast<double>(whole->takes.count()) * (1 - worth))};
    for (auto size = sizes_.begin(); size != whole; ++size) {
      const Nanos takes = size->takes + best_[static_cast<std::size_t>(rows - size->rows)].takes;
      if (takes > limit) continue;
      best = {takes, size->rows};
      limit = takes;
    }
  }
}

void BatchSizes::observe(std::int64_t rows, Nanos took) noexcept {
  const auto expected = static_cast<double>(undisturbed(rows).count());
  if (expected <= 0) return;
  const double now = std::clamp(static_cast<double>(took.count()) / expected, 1.0, slowdown_max);
  const double before = slowdown_.load(std::memory_order_relaxed);
  slowdown_.store(before + weight * (now - before), std::memory_order_relaxed);
}

std::int64_t BatchSizes::filled_up(std::int64_t rows) const noexcept {
  const auto size = std::ranges::lower_bound(sizes_, rows, {}, &Size::rows);
  return size == sizes_.end() ? rows : size->rows;
}

std::int64_t BatchSizes::next_run(std::int64_t rows) const noexcept {
  const auto at = static_cast<std::size_t>(rows);
  if (at < best_.size()) return best_[at].first;
  return ends_ ? best_.back().first : rows;
}

Nanos BatchSizes::undisturbed(std::int64_t rows) const noexcept {
  if (best_.empty()) return Nanos{0};
  const auto most = static_cast<std::int64_t>(best_.size()) - 1;
  return rows / most * best_.back().takes + best_[static_cast<std::size_t>(rows % most)].takes;
}

Nanos BatchSizes::predicted(std::int64_t rows) const noexcept {
  return Nanos{static_cast<std::int64_t>(static_cast<double>(undisturbed(rows).count()) *
                                         slowdown_.load(std::memory_order_relaxed))};
}

}  // namespace troika::triton
