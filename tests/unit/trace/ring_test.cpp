#include "runtime/trace/ring.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

TraceEvent numbered(std::uint64_t number) {
  TraceEvent event;
  event.bytes = number;
  return event;
}

std::vector<std::uint64_t> drained(EventRing& ring) {
  std::vector<std::uint64_t> numbers;
  ring.drain([&](const TraceEvent& event) { numbers.push_back(event.bytes); });
  return numbers;
}

TEST(EventRing, wraps_and_keeps_the_order) {
  EventRing ring{4};
  std::uint64_t next = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::uint64_t> pushed;
    for (int i = 0; i < 3; ++i) {
      pushed.push_back(next);
      EXPECT_TRUE(ring.push(numbered(next++)));
    }
    EXPECT_EQ(drained(ring), pushed);
  }
  EXPECT_EQ(ring.dropped(), 0u);
}

TEST(EventRing, drops_what_does_not_fit_and_counts_it) {
  EventRing ring{3};
  EXPECT_EQ(ring.capacity(), 4u);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(numbered(i)));
  EXPECT_FALSE(ring.push(numbered(4)));
  EXPECT_FALSE(ring.push(numbered(5)));
  EXPECT_EQ(ring.dropped(), 2u);
  EXPECT_EQ(drained(ring), (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_TRUE(ring.push(numbered(6)));
  EXPECT_EQ(drained(ring), (std::vector<std::uint64_t>{6}));
}

TEST(EventRing, loses_nothing_uncounted_between_two_threads) {
  constexpr std::uint64_t count = 200'000;
  EventRing ring{64};
  std::atomic<bool> done{false};
  std::thread producer{[&] {
    for (std::uint64_t i = 0; i < count; ++i) ring.push(numbered(i));
    done = true;
  }};
  std::uint64_t seen = 0, next = 0;
  bool in_order = true;
  const auto take = [&](const TraceEvent& event) {
    in_order = in_order && event.bytes >= next;
    next = event.bytes + 1;
    seen += 1;
  };
  while (!done) ring.drain(take);
  producer.join();
  ring.drain(take);
  EXPECT_TRUE(in_order);
  EXPECT_EQ(seen + ring.dropped(), count);
}

}  // namespace
}  // namespace troika
