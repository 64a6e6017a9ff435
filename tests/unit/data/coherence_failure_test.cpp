// What a failed write, a failed copy or a lost space leaves of the bytes.
#include "tests/unit/data/rig.h"

namespace troika {
namespace {

const Status cause{Code::data_lost, "the writer failed"};

TEST_F(CoherenceTest, a_failed_write_makes_the_version_before_it_current_where_it_is_intact) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, host_space));
  EXPECT_FALSE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, a_failed_write_over_the_only_replica_poisons_with_its_cause) {
  coherence.set_initial(host_space);
  begin_write(left, host_space, at(1, 1));
  coherence.fail(left, cause);
  EXPECT_EQ(coherence.readable(left).to_string(), "data_lost: the writer failed");
  EXPECT_TRUE(coherence.readable(right).ok());
}

TEST_F(CoherenceTest, a_failed_first_write_leaves_bytes_that_were_never_written) {
  begin_write(whole, gpu, at(1, 1));
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{});
}

TEST_F(CoherenceTest, a_write_behind_a_failed_one_fails_with_it) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  begin_write(whole, gpu, at(1, 2));
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.any_pending());
  coherence.commit(whole);
  EXPECT_FALSE(coherence.any_pending());
  EXPECT_TRUE(valid_in(whole, host_space));
  EXPECT_FALSE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest,
       a_failed_write_behind_one_that_ended_well_falls_back_to_it_where_it_was_copied) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  copy(whole, gpu, fpga, at(2, 1));
  begin_write(whole, gpu, at(1, 2));
  coherence.commit(whole);
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, fpga));
  EXPECT_FALSE(valid_in(whole, gpu));
  EXPECT_FALSE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, a_committed_write_survives_the_failure_of_a_later_one_elsewhere) {
  coherence.set_initial(host_space);
  write(whole, gpu, at(1, 1));
  begin_write(whole, fpga, at(2, 1));
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, gpu));
  EXPECT_FALSE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, what_a_failed_write_left_is_never_taken_for_a_later_version) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.fail(whole, cause);
  write(whole, host_space, at(0, 1));
  EXPECT_FALSE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, a_pending_write_outlives_the_loss_of_the_version_before_it) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.lose(host_space, cause);
  coherence.commit(whole);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, poison_ends_where_the_bytes_are_overwritten) {
  coherence.set_initial(host_space);
  coherence.poison(whole, cause);
  write(left, gpu, at(1, 1));
  EXPECT_TRUE(coherence.readable(left).ok());
  EXPECT_FALSE(coherence.readable(right).ok());
  EXPECT_FALSE(coherence.readable(whole).ok());
  write(right, gpu, at(1, 2));
  EXPECT_TRUE(coherence.readable(whole).ok());
}

TEST_F(CoherenceTest, a_failed_copy_leaves_nothing_valid_and_spares_what_replaced_it) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(1, 1));
  coherence.copy_failed(whole, gpu, at(1, 1));
  EXPECT_FALSE(valid_in(whole, gpu));
  EXPECT_TRUE(valid_in(whole, host_space));
  copy(whole, host_space, gpu, at(1, 2));
  coherence.copy_failed(whole, gpu, at(1, 1));
  EXPECT_TRUE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, a_lost_space_takes_only_what_lay_nowhere_else) {
  coherence.set_initial(host_space);
  write(left, gpu, at(1, 1));
  copy(right, host_space, gpu, at(1, 2));
  coherence.lose(gpu, cause);
  EXPECT_EQ(coherence.readable(left).to_string(), "data_lost: the writer failed");
  EXPECT_TRUE(coherence.readable(right).ok());
  EXPECT_TRUE(valid_in(right, host_space));
  Frontier points;
  coherence.users(gpu, points);
  EXPECT_EQ(told(points), Steps{});
}

TEST_F(CoherenceTest, a_space_that_is_lost_under_a_pending_write_is_judged_when_the_write_ends) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.lose(gpu, cause);
  // What the write was to make is nowhere; what was before it may still be.
  EXPECT_EQ(coherence.readable(whole).code(), Code::data_lost);
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, a_write_that_ends_well_in_a_lost_space_is_lost) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.lose(gpu, cause);
  coherence.commit(whole);
  EXPECT_EQ(coherence.readable(whole).code(), Code::data_lost);
}

TEST_F(CoherenceTest, a_loss_does_not_change_the_cause_of_an_earlier_one) {
  coherence.set_initial(host_space);
  write(whole, gpu, at(1, 1));
  coherence.poison(whole, {Code::data_lost, "first"});
  coherence.lose(gpu, cause);
  EXPECT_EQ(coherence.readable(whole).message(), "first");
}

}  // namespace
}  // namespace troika
