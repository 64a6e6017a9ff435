// What one kernel took in one size on one device: the latest samples and their robust mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troika {

// Times in nanoseconds. The mean of the middle half of the latest sixteen samples: a quarter of
// them may be wild without moving it far, and after a change it has moved wholly within sixteen.
// A provisional sample stands only until the first lasting one.
class History {
 public:
  static constexpr std::size_t window = 16;

  void add(double nanos, bool provisional = false) noexcept;

  // At least one sample.
  double mean() const noexcept { return mean_; }
  // Relative standard deviation; 1 while too few samples are there to tell.
  double deviation() const noexcept { return deviation_; }
  std::uint32_t samples() const noexcept { return samples_; }
  bool provisional() const noexcept { return provisional_; }
  // Oldest first.
  std::vector<double> recent() const;

 private:
  void sort_in(float nanos) noexcept;
  void summarise() noexcept;
  std::size_t held() const noexcept { return samples_ < window ? samples_ : window; }

  std::array<float, window> ring_{};    // in the order of their coming
  std::array<float, window> sorted_{};  // the same, ascending
  std::uint32_t samples_ = 0;  // ever added, saturating at the largest multiple of the window
  double mean_ = 0;
  double deviation_ = 1;
  bool provisional_ = true;  // all samples so far
};

}  // namespace troika
