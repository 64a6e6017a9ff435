// A write that was issued and never began: all is as if it had never been issued.
#include "tests/unit/data/rig.h"

namespace troika {
namespace {

constexpr AgentMask one = 1;
const Status cause{Code::data_lost, "the device is gone"};

TEST_F(CoherenceTest, a_write_taken_back_leaves_the_version_that_it_was_to_overwrite) {
  coherence.set_initial(host_space);
  begin_write(left, host_space, at(1, 1));
  coherence.take_back(left, cause);
  EXPECT_FALSE(coherence.any_pending());
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, a_write_taken_back_leaves_no_replica_where_there_was_none) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.take_back(whole, cause);
  EXPECT_TRUE(valid_in(whole, host_space));
  EXPECT_FALSE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, a_first_write_taken_back_leaves_bytes_that_were_never_written) {
  begin_write(whole, gpu, at(1, 1));
  coherence.take_back(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{});
}

TEST_F(CoherenceTest, a_write_taken_back_leaves_what_the_next_one_has_to_wait_for) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(2, 1));
  copy(whole, gpu, fpga, at(3, 1));
  begin_write(whole, gpu, at(1, 1));
  coherence.take_back(whole, cause);
  EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"2:1"});
  EXPECT_EQ(waits(whole, Access::update, gpu), (Steps{"2:1", "3:1"}));
}

TEST_F(CoherenceTest, who_was_to_read_a_write_taken_back_is_still_waited_for) {
  coherence.set_initial(gpu);
  begin_write(whole, gpu, at(1, 1));
  copy(whole, gpu, host_space, at(2, 1));
  coherence.take_back(whole, cause);
  EXPECT_EQ(waits(whole, Access::update, gpu), Steps{"2:1"});
}

TEST_F(CoherenceTest, a_copy_of_a_write_taken_back_is_never_taken_for_a_later_version) {
  coherence.set_initial(gpu);
  begin_write(whole, gpu, at(1, 1));
  copy(whole, gpu, host_space, at(2, 1));
  coherence.take_back(whole, cause);
  EXPECT_FALSE(valid_in(whole, host_space));
  write(whole, gpu, at(1, 2));
  EXPECT_FALSE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, a_copy_of_a_write_taken_back_is_worth_nothing_while_another_is_pending) {
  coherence.set_initial(gpu);
  begin_write(whole, gpu, at(1, 1));
  begin_write(whole, gpu, at(1, 2));
  copy(whole, gpu, host_space, at(2, 1));
  coherence.take_back(whole, cause);
  begin_write(whole, gpu, at(1, 3));
  EXPECT_FALSE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, writes_are_taken_back_one_by_one_behind_one_that_ends_well) {
  coherence.set_initial(host_space);
  for (std::uint64_t v = 1; v <= 3; ++v) begin_write(whole, gpu, at(1, v));
  coherence.take_back(whole, cause);
  EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"1:2"});
  coherence.take_back(whole, cause);
  EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"1:1"});
  EXPECT_TRUE(coherence.any_pending());
  coherence.commit(whole);
  EXPECT_TRUE(valid_in(whole, gpu));
  EXPECT_FALSE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, a_write_taken_back_behind_one_that_fails_changes_nothing_of_it) {
  coherence.set_initial(host_space);
  begin_write(whole, host_space, at(1, 1));
  begin_write(whole, host_space, at(1, 2));
  coherence.take_back(whole, cause);
  coherence.fail(whole, {Code::data_lost, "the writer failed"});
  EXPECT_EQ(coherence.readable(whole).message(), "the writer failed");
}

TEST_F(CoherenceTest, the_last_write_taken_back_settles_what_an_earlier_failure_left) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(2, 1));
  begin_write(whole, gpu, at(1, 1));
  begin_write(whole, gpu, at(1, 2));
  coherence.fail(whole, cause);
  EXPECT_FALSE(coherence.readable(whole).ok());
  coherence.take_back(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_TRUE(valid_in(whole, host_space));
  EXPECT_FALSE(valid_in(whole, gpu));
}

TEST_F(CoherenceTest, the_newest_of_many_writes_finds_what_it_replaced) {
  coherence.set_initial(host_space);
  for (std::uint64_t last = 4; last <= 60; ++last) {
    for (std::uint64_t v = 1; v <= last; ++v) {
      begin_write(whole, gpu, at(1, v));
      if (v > 3) coherence.commit(whole);
    }
    for (std::uint64_t v = last - 1; v >= last - 3; --v) {
      coherence.take_back(whole, cause);
      EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"1:" + std::to_string(v)});
    }
    EXPECT_FALSE(coherence.any_pending());
    EXPECT_TRUE(valid_in(whole, gpu));
  }
}

TEST_F(CoherenceTest, a_write_of_poisoned_bytes_that_does_not_happen_leaves_them_poisoned) {
  coherence.set_initial(host_space);
  coherence.poison(whole, {Code::data_lost, "first"});
  begin_write(left, gpu, at(1, 1));
  begin_write(right, gpu, at(1, 2));
  EXPECT_TRUE(coherence.readable(whole).ok());
  coherence.take_back(right, cause);
  coherence.fail(left, cause);
  EXPECT_EQ(coherence.readable(left).message(), "first");
  EXPECT_EQ(coherence.readable(right).message(), "first");
}

TEST_F(CoherenceTest, the_poison_of_a_version_that_never_came_is_not_that_of_the_next) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  coherence.poison(whole, cause);
  EXPECT_FALSE(coherence.readable(whole).ok());
  coherence.take_back(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  write(whole, gpu, at(1, 2));
  EXPECT_TRUE(coherence.readable(whole).ok());
}

TEST_F(CoherenceTest, a_write_taken_back_restores_nothing_in_a_space_that_was_lost_meanwhile) {
  coherence.set_initial(gpu);
  begin_write(whole, gpu, at(1, 1));
  coherence.lose(gpu, cause);
  coherence.take_back(whole, cause);
  EXPECT_EQ(coherence.readable(whole).message(), "the device is gone");
  EXPECT_EQ(waits(whole, Access::update, gpu), Steps{});
}

TEST_F(CoherenceTest, a_write_taken_back_restores_nothing_that_only_a_lost_agent_saw) {
  write(whole, host_space, at(1, 1), one);
  begin_write(whole, host_space, at(1, 2), one);
  coherence.lose_agent(one, cause);
  coherence.take_back(whole, cause);
  EXPECT_EQ(coherence.readable(whole).message(), "the device is gone");
}

TEST_F(CoherenceTest, a_write_taken_back_does_not_restore_what_a_failed_copy_was_to_bring) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(2, 1));
  begin_write(whole, gpu, at(1, 1));
  coherence.copy_failed(whole, gpu, at(2, 1));
  coherence.take_back(whole, cause);
  EXPECT_FALSE(valid_in(whole, gpu));
  EXPECT_TRUE(valid_in(whole, host_space));
}

TEST_F(CoherenceTest, what_a_device_was_about_to_take_over_is_not_lost_with_it) {
  coherence.set_initial(host_space);
  coherence.acquired(whole, host_space, one, true, at(1, 1));
  begin_write(whole, host_space, at(1, 2), one);
  coherence.take_back(whole, cause);
  coherence.acquire_taken_back(whole, host_space, at(1, 1));
  coherence.lose_agent(one, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(missing(whole, Access::update, host_space), Steps{});
}

}  // namespace
}  // namespace troika
