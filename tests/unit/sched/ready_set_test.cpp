#include "runtime/sched/ready_set.h"

#include <gtest/gtest.h>

#include "tests/unit/sched/world.h"

namespace troika {
namespace {

using test::ms;

ReadyTask task(std::uint32_t index) {
  ReadyTask result;
  result.key = {0, index};
  result.age = index;
  return result;
}

TEST(ReadySet, orders_by_class_then_slack_then_rank_then_age) {
  ReadyTask high = task(9), soon = task(8), long_path = task(7), old = task(1), young = task(2);
  high.priority = Priority::high;
  soon.deadline = 20 * ms;
  long_path.rank = 5 * ms;
  ReadySet set;
  for (const ReadyTask& each : {young, soon, old, high, long_path}) set.insert(each);
  for (const ReadyTask& expected : {high, soon, long_path, old, young}) {
    EXPECT_EQ(set.best().key, expected.key);
    EXPECT_TRUE(set.erase(expected));
  }
  EXPECT_TRUE(set.empty());
}

TEST(ReadySet, a_task_that_is_not_there_is_not_erased) {
  ReadySet set;
  set.insert(task(1));
  EXPECT_FALSE(set.erase(task(2)));
  EXPECT_EQ(set.size(), 1U);
}

}  // namespace
}  // namespace troika
