// Devices that share a space but see it each in its own way: hand-overs between them.
#include "tests/unit/data/rig.h"

namespace troika {
namespace {

constexpr AgentMask one = 1, two = 2;
const Status cause{Code::data_lost, "the device is gone"};

TEST_F(CoherenceTest, what_an_agent_wrote_is_released_before_the_host_reads_it) {
  write(whole, host_space, at(1, 1), one);
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"release [0, +64) in 0 by 1"});
  coherence.released(whole, host_space, one, false, at(1, 2));
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{});
  EXPECT_EQ(waits(whole, Access::read, host_space), Steps{"1:2"});
}

TEST_F(CoherenceTest, an_agent_that_only_reads_shares_with_the_host) {
  coherence.set_initial(host_space);
  EXPECT_EQ(missing(whole, Access::read, host_space, one), Steps{"acquire [0, +64) in 0"});
  coherence.acquired(whole, host_space, one, false, at(1, 1));
  EXPECT_EQ(missing(whole, Access::read, host_space, one), Steps{});
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{});
}

TEST_F(CoherenceTest, an_agent_that_writes_takes_the_bytes_from_all_others) {
  coherence.set_initial(host_space);
  EXPECT_EQ(missing(whole, Access::update, host_space, one),
            Steps{"acquire [0, +64) in 0 to write"});
  coherence.acquired(whole, host_space, one, true, at(1, 1));
  EXPECT_EQ(missing(whole, Access::update, host_space, one), Steps{});
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"release [0, +64) in 0 by 1"});
}

TEST_F(CoherenceTest, the_host_takes_bytes_to_write_from_every_agent_that_may_read_them) {
  coherence.set_initial(host_space);
  coherence.acquired(whole, host_space, one, false, at(1, 1));
  EXPECT_EQ(missing(whole, Access::update, host_space),
            Steps{"release [0, +64) in 0 by 1 to write"});
  coherence.released(whole, host_space, one, true, at(1, 2));
  EXPECT_EQ(missing(whole, Access::update, host_space), Steps{});
  EXPECT_EQ(missing(whole, Access::read, host_space, one), Steps{"acquire [0, +64) in 0"});
}

TEST_F(CoherenceTest, between_two_agents_the_bytes_go_through_the_host) {
  write(whole, host_space, at(1, 1), one);
  EXPECT_EQ(missing(whole, Access::read, host_space, two), Steps{"release [0, +64) in 0 by 1"});
  coherence.released(whole, host_space, one, false, at(1, 2));
  EXPECT_EQ(missing(whole, Access::read, host_space, two), Steps{"acquire [0, +64) in 0"});
  coherence.acquired(whole, host_space, two, false, at(2, 1));
  EXPECT_EQ(missing(whole, Access::read, host_space, two), Steps{});
  EXPECT_EQ(missing(whole, Access::read, host_space, one), Steps{});
}

TEST_F(CoherenceTest, a_copy_to_another_space_sees_what_the_host_sees) {
  write(whole, host_space, at(1, 1), one);
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"release [0, +64) in 0 by 1"});
  coherence.released(whole, host_space, one, false, at(1, 2));
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"copy [0, +64) from 0"});
  Frontier points;
  coherence.waits_to_copy_from(whole, host_space, points);
  EXPECT_EQ(told(points), Steps{"1:2"});
}

TEST_F(CoherenceTest, a_copy_into_the_space_waits_until_agents_let_go_of_the_old_bytes) {
  write(whole, host_space, at(1, 1), one);
  write(whole, gpu, at(2, 1));
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"release [0, +64) in 0 by 1 to write"});
  coherence.released(whole, host_space, one, true, at(1, 2));
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"copy [0, +64) from 1"});
}

TEST_F(CoherenceTest, a_hand_over_that_is_free_leaves_what_is_waited_for) {
  write(whole, host_space, at(1, 1), one);
  coherence.released(whole, host_space, one, false, {});
  EXPECT_EQ(waits(whole, Access::read, host_space), Steps{"1:1"});
}

TEST_F(CoherenceTest, a_lost_agent_takes_what_it_never_handed_over) {
  write(left, host_space, at(1, 1), one);
  write(right, host_space, at(1, 2), one);
  coherence.released(right, host_space, one, false, at(1, 3));
  coherence.lose_agent(one, cause);
  EXPECT_EQ(coherence.readable(left).message(), "the device is gone");
  EXPECT_TRUE(coherence.readable(right).ok());
  EXPECT_EQ(missing(right, Access::update, host_space), Steps{});
}

TEST_F(CoherenceTest, a_lost_agent_takes_nothing_that_another_space_holds) {
  coherence.set_initial(gpu);
  copy(whole, gpu, host_space, at(1, 1));
  coherence.acquired(whole, host_space, one, true, at(2, 1));
  coherence.lose_agent(one, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"copy [0, +64) from 1"});
}

}  // namespace
}  // namespace troika
