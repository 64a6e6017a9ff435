// How long something took, and what many such figures say.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace troika::bench {

struct Summary {
  double low = 0, median = 0, high = 0;
};

// Of at least one value.
inline Summary summary_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

// By repeat: whatever slowed the machine down slowed both.
inline Summary ratio(const std::vector<double>& theirs, const std::vector<double>& ours) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(theirs[i] / ours[i]);
  return summary_of(std::move(ratios));
}

template <class Work>
double nanos(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

}  // namespace troika::bench
