// What an "empty" task does: it counts itself, so that no runtime can leave it out.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace troika::bench {

class Tally {
 public:
  explicit Tally(unsigned threads) : counts_(threads) {}
  // Of the calling thread's own slot.
  void add(unsigned thread) noexcept {
    auto& count = counts_[thread].value;
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  std::uint64_t sum() const noexcept {
    std::uint64_t all = 0;
    for (const auto& count : counts_) all += count.value.load(std::memory_order_relaxed);
    return all;
  }

 private:
  struct alignas(64) Count {
    std::atomic<std::uint64_t> value{0};
  };
  std::vector<Count> counts_;
};

}  // namespace troika::bench
