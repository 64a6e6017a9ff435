#include "runtime/exec/outlook_trial.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr Nanos ms{1'000'000};

// Whether it is given up after so many runs of one length.
bool gives_up(OutlookTrial& trial, Nanos took, unsigned runs) {
  bool up = false;
  for (unsigned run = 0; run < runs; ++run) up = up || trial.observe(took);
  return up;
}

TEST(OutlookTrial, what_is_slower_than_before_is_given_up_after_its_runs) {
  const auto before = std::make_shared<const Outlook>();
  OutlookTrial trial;
  EXPECT_FALSE(gives_up(trial, 10 * ms, 20)) << "nothing is tried";
  trial.begin(before);
  EXPECT_FALSE(gives_up(trial, 11 * ms, OutlookTrial::runs - 1));
  EXPECT_TRUE(trial.observe(12 * ms));
  EXPECT_EQ(trial.take_back(), before);
  EXPECT_FALSE(gives_up(trial, 20 * ms, 20)) << "it is judged once";
}

TEST(OutlookTrial, one_run_that_is_as_short_is_enough_to_keep_it) {
  OutlookTrial trial;
  trial.observe(10 * ms);
  trial.begin(nullptr);
  trial.observe(10 * ms);
  EXPECT_FALSE(gives_up(trial, 30 * ms, 20));
}

TEST(OutlookTrial, with_no_run_before_it_there_is_nothing_to_go_back_to) {
  OutlookTrial trial;
  trial.begin(nullptr);
  EXPECT_FALSE(gives_up(trial, 30 * ms, 20));
}

TEST(OutlookTrial, of_two_in_a_row_the_second_is_judged_by_what_there_was_before_the_first) {
  const auto before = std::make_shared<const Outlook>();
  OutlookTrial trial;
  trial.observe(10 * ms);
  trial.begin(before);
  trial.observe(30 * ms);
  trial.begin(std::make_shared<const Outlook>());
  EXPECT_TRUE(gives_up(trial, 20 * ms, OutlookTrial::runs));
  EXPECT_EQ(trial.take_back(), before);
}

}  // namespace
}  // namespace troika
