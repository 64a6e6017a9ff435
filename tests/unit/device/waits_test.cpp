// One queue of a device behind a point of another.
#include "tests/unit/device/scripted_stream.h"

namespace troika {
namespace {

TEST_F(DriverThreadTest, a_vendor_that_waits_itself_is_given_what_another_queue_has_begun) {
  a.synchronous = b.synchronous = false;
  b.holds_behind = true;
  auto first = queue(a);
  auto second = queue(b, 1);
  const auto point = push(*first);  // not flushed
  ASSERT_TRUE(second->wait_for(*point).ok());
  ASSERT_TRUE(push(*second).ok());
  ASSERT_TRUE(second->flush().ok());
  finish(b, 1);
  listeners[1].wait_for_value(1);
  EXPECT_EQ(a.seen(), (std::vector<std::uint64_t>{1}));  // begun before, and still not over
  EXPECT_EQ(first->reached().value, 0U);
  const std::scoped_lock lock{b.mutex};
  EXPECT_EQ(b.held_behind, (std::vector<std::uint64_t>{1}));
}

TEST_F(DriverThreadTest, a_vendor_that_waits_itself_is_not_given_what_is_over) {
  b.holds_behind = true;
  auto first = queue(a);
  auto second = queue(b, 1);
  const auto point = push(*first);
  ASSERT_TRUE(first->flush().ok());
  listeners[0].wait_for_value(1);
  ASSERT_TRUE(second->wait_for(*point).ok());
  ASSERT_TRUE(push(*second).ok());
  ASSERT_TRUE(second->flush().ok());
  listeners[1].wait_for_value(1);
  const std::scoped_lock lock{b.mutex};
  EXPECT_TRUE(b.held_behind.empty());
}

// Nobody knows what of it has begun, and what has may never end.
TEST_F(DriverThreadTest, nothing_begins_behind_a_queue_that_was_given_up) {
  Event entered;
  a.entered = &entered;
  a.synchronous = false;
  b.holds_behind = true;
  auto first = queue(a);
  auto second = queue(b, 1);
  const auto begun = push(*first);
  ASSERT_TRUE(first->flush().ok());
  entered.wait();
  first->abandon();
  ASSERT_TRUE(second->wait_for(*begun).ok());
  ASSERT_TRUE(push(*second).ok());
  ASSERT_TRUE(second->flush().ok());
  auto third_vendor = std::make_unique<Vendor>();
  auto third = queue(*third_vendor, 2);
  ASSERT_TRUE(push(*third).ok());
  ASSERT_TRUE(third->flush().ok());
  listeners[2].wait_for_value(1);  // the driver has passed over the second queue
  EXPECT_TRUE(b.seen().empty());
  third.reset();
  third_vendor->destroyed.wait();
}

TEST_F(DriverThreadTest, what_follows_a_wait_begins_after_the_point_even_if_that_was_not_flushed) {
  a.synchronous = false;
  auto first = queue(a);
  auto second = queue(b, 1);
  const auto point = push(*first);
  ASSERT_TRUE(push(*second).ok());
  ASSERT_TRUE(second->wait_for(*point).ok());
  ASSERT_TRUE(push(*second).ok());
  ASSERT_TRUE(second->flush().ok());
  listeners[1].wait_for_value(1);
  auto third_vendor = std::make_unique<Vendor>();
  auto third = queue(*third_vendor, 2);
  ASSERT_TRUE(push(*third).ok());
  ASSERT_TRUE(third->flush().ok());
  listeners[2].wait_for_value(1);
  EXPECT_EQ(b.seen(), (std::vector<std::uint64_t>{1}));
  finish(a, 1);
  listeners[1].wait_for_value(2);
  EXPECT_EQ(a.seen(), (std::vector<std::uint64_t>{1}));
  third.reset();
  third_vendor->destroyed.wait();
}

}  // namespace
}  // namespace troika
