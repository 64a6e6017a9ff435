#include "runtime/sched/link_model.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr SpaceId host{0}, gpu{1};
constexpr Nanos us{1'000};

class Links : public testing::Test {
 protected:
  Links() { model.add(host, gpu, 1e9, 10 * us); }

  Nanos predict(std::size_t bytes, HostPagesAre pages = HostPagesAre::pageable) {
    return model.predict(host, gpu, bytes, pages);
  }
  void observe(std::size_t bytes, Nanos took, HostPagesAre pages = HostPagesAre::pageable) {
    for (int i = 0; i < 8; ++i) model.observe(host, gpu, bytes, pages, took);
  }

  LinkModel model;
};

TEST_F(Links, go_by_what_their_device_says_until_something_was_copied) {
  EXPECT_EQ(predict(1'000'000), 1'010 * us);
  EXPECT_EQ(model.predict(gpu, host, 1'000'000), Nanos{0});
}

TEST_F(Links, go_by_what_copies_of_about_that_size_took) {
  observe(1'000'000, 2'020 * us);
  observe(1'000, 11 * us);
  EXPECT_EQ(predict(1'000'000), 2'020 * us);
  EXPECT_NEAR(static_cast<double>(predict(2'000'000).count()), 4.02e6, 1e4);
  EXPECT_EQ(predict(1'000), 11 * us);
}

TEST_F(Links, are_not_led_astray_by_a_copy_that_took_a_hundred_times_as_long) {
  observe(1'000'000, 1'000 * us);
  model.observe(host, gpu, 1'000'000, HostPagesAre::pageable, 100'000 * us);
  EXPECT_LT(predict(1'000'000), 1'100 * us);
}

TEST_F(Links, tell_pinned_pages_from_others_once_both_were_seen) {
  observe(1'000'000, 2'000 * us);
  EXPECT_EQ(predict(1'000'000, HostPagesAre::pinned), 2'000 * us);
  observe(1'000'000, 500 * us, HostPagesAre::pinned);
  EXPECT_EQ(predict(1'000'000, HostPagesAre::pinned), 500 * us);
  EXPECT_EQ(predict(1'000'000), 2'000 * us);
}

}  // namespace
}  // namespace troika
