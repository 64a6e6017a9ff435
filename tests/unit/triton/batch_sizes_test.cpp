// Which runs serve some rows best, and what they are expected to take.
#include "serving/triton/batch_sizes.h"

#include <gtest/gtest.h>

namespace troika::triton {
namespace {

using namespace std::chrono_literals;

TEST(BatchSizes, are_powers_of_two_with_one_between_and_the_largest) {
  EXPECT_EQ(BatchSizes::up_to(1), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(BatchSizes::up_to(10), (std::vector<std::int64_t>{1, 2, 3, 4, 6, 8, 10}));
}

struct Learned : BatchSizes {
  Learned(Nanos one, Nanos four, Nanos eight) : BatchSizes{{1, 4, 8}} {
    learn(1, one);
    learn(4, four);
    learn(8, eight);
  }
};
// A run that takes hardly longer for more rows.
struct Flat : Learned {
  Flat() : Learned{100us, 120us, 150us} {}
};
// One that takes as long for each row, and longer for many.
struct Steep : Learned {
  Steep() : Learned{1ms, 3ms, 9ms} {}
};

TEST(BatchSizes, rows_run_together_where_that_takes_hardly_longer) {
  const Flat sizes;
  EXPECT_EQ(sizes.next_run(2), 2);
  EXPECT_EQ(sizes.filled_up(2), 4);
  EXPECT_EQ(sizes.next_run(8), 8);
}

TEST(BatchSizes, rows_run_apart_where_that_takes_less) {
  const Steep sizes;
  EXPECT_EQ(sizes.next_run(2), 1) << "rather than filled up to four";
  EXPECT_EQ(sizes.next_run(3), 3);
  EXPECT_EQ(sizes.next_run(8), 4);
}

TEST(BatchSizes, more_rows_than_the_largest_have_a_run_of_their_own) {
  EXPECT_EQ(Flat{}.next_run(9), 9);
  EXPECT_EQ(Flat{}.filled_up(9), 9);
  EXPECT_EQ(BatchSizes{{}}.next_run(5), 5);
}

TEST(BatchSizes, end_where_larger_runs_take_longer_than_small_ones_together) {
  BatchSizes sizes{{1, 4, 8}};
  EXPECT_TRUE(sizes.learn(1, 1ms));
  EXPECT_TRUE(sizes.learn(4, 3ms));
  EXPECT_FALSE(sizes.learn(8, 9ms));
  sizes.end_at(4);
  EXPECT_EQ(sizes.next_run(8), 4);
  EXPECT_EQ(sizes.next_run(100), 4);
  EXPECT_GT(sizes.predicted(100), 70ms);
}

TEST(BatchSizes, expect_runs_to_take_what_they_have_taken_lately) {
  Flat sizes;
  const Nanos at_first = sizes.predicted(8);
  EXPECT_GE(at_first, 150us);
  EXPECT_GT(sizes.predicted(16), at_first);
  for (int i = 0; i < 50; ++i) sizes.observe(8, 600us);
  EXPECT_GT(sizes.predicted(8), at_first * 3 / 2);
  EXPECT_EQ(sizes.undisturbed(8), at_first);
  for (int i = 0; i < 50; ++i) sizes.observe(8, 150us);
  EXPECT_LT(sizes.predicted(8), at_first * 5 / 4);
}

TEST(BatchSizes, one_run_that_was_held_up_says_little) {
  Flat sizes;
  const Nanos at_first = sizes.predicted(8);
  sizes.observe(8, 10s);
  EXPECT_LT(sizes.predicted(8), at_first * 3 / 2);
}

}  // namespace
}  // namespace troika::triton
