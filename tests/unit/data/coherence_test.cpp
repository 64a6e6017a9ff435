// Who holds the truth, and what must be reached before it may be used or replaced.
#include "tests/unit/data/rig.h"

namespace troika {
namespace {

TEST_F(CoherenceTest, bytes_never_written_need_no_copy_anywhere) {
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{});
  EXPECT_EQ(missing(whole, Access::update, fpga), Steps{});
}

TEST_F(CoherenceTest, adopted_bytes_are_valid_in_the_host_alone) {
  coherence.set_initial(host_space);
  EXPECT_TRUE(valid_in(whole, host_space));
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"copy [0, +64) from 0"});
}

TEST_F(CoherenceTest, a_write_leaves_exactly_one_valid_replica) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(1, 1));
  copy(whole, host_space, fpga, at(2, 1));
  write(whole, gpu, at(1, 2));
  EXPECT_TRUE(valid_in(whole, gpu));
  EXPECT_FALSE(valid_in(whole, host_space));
  EXPECT_FALSE(valid_in(whole, fpga));
}

TEST_F(CoherenceTest, a_write_to_a_part_leaves_the_rest_as_it_was) {
  coherence.set_initial(host_space);
  write(right, gpu, at(1, 1));
  EXPECT_TRUE(valid_in(left, host_space));
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"copy [32, +32) from 1"});
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"copy [0, +32) from 0"});
}

TEST_F(CoherenceTest, a_pending_write_is_the_newest_for_those_ordered_behind_it) {
  coherence.set_initial(host_space);
  begin_write(whole, gpu, at(1, 1));
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{"copy [0, +64) from 1"});
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{});
}

TEST_F(CoherenceTest, an_overwrite_needs_no_bytes_and_an_update_does) {
  coherence.set_initial(host_space);
  EXPECT_EQ(missing(whole, Access::write, gpu), Steps{});
  EXPECT_EQ(missing(whole, Access::update, gpu), Steps{"copy [0, +64) from 0"});
  EXPECT_EQ(missing(whole, Access::commute, gpu), Steps{"copy [0, +64) from 0"});
}

TEST_F(CoherenceTest, an_overwrite_that_covers_more_than_its_view_needs_the_other_bytes) {
  coherence.set_initial(host_space);
  coherence.refine(Region::rectangle(0, 2, 4, 8));
  EXPECT_EQ(missing(Region::rectangle(0, 2, 3, 16), Access::write, gpu),
            (Steps{"copy [0, +32) from 0", "copy [32, +2) from 0"}));
}

TEST_F(CoherenceTest, copies_come_from_a_space_with_a_link_if_one_holds_the_newest) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(1, 1));
  EXPECT_EQ(missing(whole, Access::read, fpga, common_agent, SpaceMask{1} << gpu.value),
            Steps{"copy [0, +64) from 1"});
  EXPECT_EQ(missing(whole, Access::read, fpga, common_agent, SpaceMask{1} << host_space.value),
            Steps{"copy [0, +64) from 0"});
  write(whole, host_space, at(0, 1));
  EXPECT_EQ(missing(whole, Access::read, fpga, common_agent, SpaceMask{1} << gpu.value),
            Steps{"copy [0, +64) from 0"});
}

TEST_F(CoherenceTest, a_reader_waits_for_the_write_and_the_copy_that_bring_its_bytes) {
  begin_write(whole, gpu, at(1, 5));
  EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"1:5"});
  copy(whole, gpu, host_space, at(2, 7));
  EXPECT_EQ(waits(whole, Access::read, host_space), Steps{"2:7"});
  EXPECT_EQ(waits(whole, Access::read, fpga), Steps{});
}

TEST_F(CoherenceTest, every_reader_of_a_replica_holds_its_overwrite) {
  write(whole, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(1, 2));
  coherence.begin_read(whole, gpu, at(3, 4));
  coherence.begin_read(whole, gpu, at(3, 3));
  EXPECT_EQ(waits(whole, Access::read, gpu), Steps{"1:1"});
  EXPECT_EQ(waits(whole, Access::write, gpu), (Steps{"1:2", "3:4"}));
  Frontier points;
  coherence.waits_to_overwrite(whole, gpu, points);
  EXPECT_EQ(told(points), (Steps{"1:2", "3:4"}));
}

TEST_F(CoherenceTest, an_outgoing_copy_is_a_reader_of_its_source) {
  write(whole, gpu, at(1, 1));
  copy(whole, gpu, host_space, at(2, 1));
  EXPECT_EQ(waits(whole, Access::write, gpu), (Steps{"1:1", "2:1"}));
}

TEST_F(CoherenceTest, an_overwrite_holds_up_no_one_but_itself) {
  write(whole, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(2, 1));
  write(whole, gpu, at(1, 2));
  EXPECT_EQ(waits(whole, Access::write, gpu), Steps{"1:2"});
}

TEST_F(CoherenceTest, pruned_readers_hold_nothing_any_more) {
  write(whole, gpu, {});
  coherence.begin_read(whole, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(2, 1));
  coherence.prune([](Timepoint point) { return point.queue == QueueId{1}; });
  EXPECT_EQ(waits(whole, Access::write, gpu), Steps{"2:1"});
}

TEST_F(CoherenceTest, cells_inherit_the_state_of_the_segment_they_were_cut_from) {
  begin_write(whole, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(2, 1));
  coherence.refine(left);
  EXPECT_EQ(waits(left, Access::write, gpu), (Steps{"1:1", "2:1"}));
  EXPECT_EQ(missing(left, Access::read, host_space), Steps{"copy [0, +32) from 1"});
  coherence.commit(whole);
  EXPECT_FALSE(coherence.any_pending());
}

TEST_F(CoherenceTest, cutting_one_segment_leaves_its_neighbours_as_they_were) {
  coherence.set_initial(host_space);
  write(left, gpu, at(1, 1));
  coherence.refine(Region::bytes(40, 8));
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"copy [32, +32) from 0"});
}

TEST_F(CoherenceTest, neighbours_that_need_the_same_step_share_it) {
  coherence.set_initial(host_space);
  coherence.refine(left);
  coherence.refine(Region::rectangle(8, 4, 3, 16));
  EXPECT_EQ(missing(whole, Access::read, gpu), Steps{"copy [0, +64) from 0"});
}

TEST_F(CoherenceTest, sole_names_what_no_other_space_holds) {
  coherence.set_initial(host_space);
  copy(left, host_space, gpu, at(1, 1));
  std::vector<Region> regions;
  coherence.sole(host_space, regions);
  EXPECT_EQ(regions, std::vector{right});
  regions.clear();
  coherence.sole(gpu, regions);
  EXPECT_EQ(regions, std::vector<Region>{});
}

TEST_F(CoherenceTest, a_dropped_replica_is_no_source_and_has_no_users) {
  coherence.set_initial(host_space);
  copy(whole, host_space, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(2, 1));
  coherence.drop(gpu);
  EXPECT_FALSE(valid_in(whole, gpu));
  EXPECT_EQ(missing(whole, Access::read, fpga, common_agent, SpaceMask{1} << gpu.value),
            Steps{"copy [0, +64) from 0"});
  Frontier points;
  coherence.users(gpu, points);
  EXPECT_EQ(told(points), Steps{});
}

TEST_F(CoherenceTest, users_are_the_writer_and_all_readers) {
  write(whole, gpu, at(1, 1));
  coherence.begin_read(left, gpu, at(2, 1));
  Frontier points;
  coherence.users(gpu, points);
  EXPECT_EQ(told(points), (Steps{"1:1", "2:1"}));
}

TEST_F(CoherenceTest, forgotten_contents_need_no_copy_but_still_hold_their_overwrite) {
  write(whole, gpu, at(1, 1));
  coherence.begin_read(whole, gpu, at(2, 1));
  coherence.forget_contents();
  EXPECT_EQ(missing(whole, Access::read, host_space), Steps{});
  EXPECT_EQ(waits(whole, Access::write, gpu), (Steps{"1:1", "2:1"}));
  std::vector<Region> regions;
  coherence.sole(gpu, regions);
  EXPECT_TRUE(regions.empty());
}

TEST_F(CoherenceTest, forgotten_contents_are_not_poisoned_any_more) {
  coherence.poison(whole, {Code::data_lost, "gone"});
  coherence.forget_contents();
  EXPECT_TRUE(coherence.readable(whole).ok());
}

}  // namespace
}  // namespace troika
