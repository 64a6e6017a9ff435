// A value for every byte of an allocation, kept as runs of equal values.
#pragma once

#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

namespace troika::sim {

// Value is copied and compared. Cost goes with the number of runs, not of bytes.
template <class Value>
class RangeMap {
 public:
  RangeMap(std::size_t size, Value value) : size_{size} { runs_.emplace(0, std::move(value)); }

  // change(Value&) for every run in [begin, end), cut so that nothing else changes.
  template <class Change>
  void change(std::size_t begin, std::size_t end, Change&& change) {
    if (begin >= end) return;
    cut(begin);
    cut(end);
    const auto last = runs_.lower_bound(end);
    for (auto run = runs_.find(begin); run != last; ++run) change(run->second);
    join(begin, end);
  }
  // visit(begin, end, const Value&) for every run in [begin, end).
  template <class Visit>
  void visit(std::size_t begin, std::size_t end, Visit&& visit) const {
    if (begin >= end) return;
    auto run = std::prev(runs_.upper_bound(begin));
    while (run != runs_.end() && run->first < end) {
      const auto next = std::next(run);
      const std::size_t run_end = next == runs_.end() ? size_ : next->first;
      visit(run->first < begin ? begin : run->first, run_end < end ? run_end : end, run->second);
      run = next;
    }
  }
  std::size_t runs() const noexcept { return runs_.size(); }

 private:
  void cut(std::size_t at) {
    if (at >= size_) return;
    const auto run = std::prev(runs_.upper_bound(at));
    if (run->first != at) runs_.emplace_hint(std::next(run), at, run->second);
  }
  void join(std::size_t begin, std::size_t end) {
    auto run = runs_.find(begin);
    if (run != runs_.begin()) --run;
    while (run != runs_.end() && run->first <= end) {
      const auto next = std::next(run);
      if (next == runs_.end() || next->first > end) return;
      if (next->second == run->second) runs_.erase(next);
      else run = next;
    }
  }

  std::size_t size_;
  std::map<std::size_t, Value> runs_;  // by first byte
};

}  // namespace troika::sim
