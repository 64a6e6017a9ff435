#include "runtime/device/timeline.h"

#include <map>

#include <gtest/gtest.h>

namespace troika {
namespace {

TEST(Frontier, keeps_the_latest_point_of_each_queue_beyond_its_inline_room) {
  Frontier frontier;
  for (std::uint32_t queue = 0; queue < 9; ++queue) {
    frontier.include(Timepoint{QueueId{queue}, 5});
    frontier.include(Timepoint{QueueId{queue}, 3});
  }
  std::map<QueueId, std::uint64_t> points;
  frontier.for_each([&](Timepoint point) { points[point.queue] = point.value; });
  EXPECT_EQ(points.size(), 9u);
  for (const auto& [queue, value] : points) EXPECT_EQ(value, 5u);

  frontier.prune([](Timepoint point) { return point.queue.value % 2 == 0; });
  points.clear();
  frontier.for_each([&](Timepoint point) { points[point.queue] = point.value; });
  EXPECT_EQ(points.size(), 4u);
}

}  // namespace
}  // namespace troika
