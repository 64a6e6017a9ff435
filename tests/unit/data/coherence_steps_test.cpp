#include <map>

#include <gtest/gtest.h>

#include "runtime/data/coherence.h"

namespace troika {
namespace {

constexpr SpaceId host{0}, gpu{1};
constexpr std::size_t size = 64;
const Region whole = Region::bytes(0, size);
const Status cause{Code::data_lost, "the cause"};

Timepoint point(std::uint32_t queue, std::uint64_t value) { return {QueueId{queue}, value}; }

std::vector<Move> missing(const Coherence& coherence, SpaceId space, Access access = Access::read) {
  std::vector<Move> moves;
  coherence.missing({whole, access, space, common_agent, 0}, moves);
  return moves;
}

std::map<QueueId, std::uint64_t> waits(const Coherence& coherence, SpaceId space, Access access) {
  Frontier frontier;
  coherence.waits({whole, access, space, common_agent, 0}, frontier);
  std::map<QueueId, std::uint64_t> found;
  frontier.for_each([&](Timepoint p) { found[p.queue] = p.value; });
  return found;
}

std::map<QueueId, std::uint64_t> users(const Coherence& coherence, SpaceId space) {
  Frontier frontier;
  coherence.users(space, frontier);
  std::map<QueueId, std::uint64_t> found;
  frontier.for_each([&](Timepoint p) { found[p.queue] = p.value; });
  return found;
}

using Points = std::map<QueueId, std::uint64_t>;

TEST(CoherenceSteps, write_leaves_exactly_one_valid_replica) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_copy(whole, host, gpu, common_agent, point(1, 1));
  EXPECT_TRUE(missing(coherence, gpu).empty());
  coherence.begin_write(whole, host, common_agent, point(2, 1));
  coherence.commit(whole);
  EXPECT_TRUE(missing(coherence, host).empty());
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), size);
  const std::vector<Move> moves = missing(coherence, gpu);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].kind, Move::Kind::copy);
  EXPECT_EQ(moves[0].space, host);
  EXPECT_EQ(moves[0].region, whole);
}

TEST(CoherenceSteps, a_reader_waits_for_the_copy_that_brings_its_bytes) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_copy(whole, host, gpu, common_agent, point(1, 7));
  EXPECT_EQ(waits(coherence, gpu, Access::read), (Points{{QueueId{1}, 7}}));
}

TEST(CoherenceSteps, a_writer_waits_for_readers_on_every_queue_and_a_reader_for_none) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_read(whole, host, point(1, 3));
  coherence.begin_read(whole, host, point(2, 5));
  EXPECT_EQ(waits(coherence, host, Access::write), (Points{{QueueId{1}, 3}, {QueueId{2}, 5}}));
  EXPECT_EQ(waits(coherence, host, Access::read), Points{});
}

TEST(CoherenceSteps, what_is_copied_away_is_used_until_the_copy_has_ended) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_read(whole, host, point(1, 2));
  coherence.begin_copy(whole, host, gpu, common_agent, point(3, 4));
  EXPECT_EQ(users(coherence, host), (Points{{QueueId{1}, 2}, {QueueId{3}, 4}}));
  EXPECT_EQ(users(coherence, gpu), (Points{{QueueId{3}, 4}}));
}

TEST(CoherenceSteps, a_copy_into_a_replica_waits_for_its_readers_and_one_out_of_it_does_not) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_write(whole, gpu, common_agent, point(1, 1));
  coherence.begin_read(whole, gpu, point(2, 6));
  Frontier out, over;
  coherence.waits_to_copy_from(whole, gpu, out);
  coherence.waits_to_overwrite(whole, gpu, over);
  std::size_t outs = 0, overs = 0;
  out.for_each([&](Timepoint p) { outs += p == point(1, 1) ? 1 : 100; });
  over.for_each([&](Timepoint p) { overs += p == point(1, 1) || p == point(2, 6) ? 1 : 100; });
  EXPECT_EQ(outs, 1u);
  EXPECT_EQ(overs, 2u);
}

TEST(CoherenceSteps, a_failed_write_makes_the_intact_version_before_it_current_again) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_write(whole, gpu, common_agent, point(1, 1));
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, host), size);
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, host), 0u);
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), size);
}

TEST(CoherenceSteps, a_failed_write_over_the_only_replica_poisons_until_the_next_write) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_write(whole, host, common_agent, point(1, 1));
  coherence.fail(whole, cause);
  EXPECT_EQ(coherence.readable(whole).code(), Code::data_lost);
  EXPECT_EQ(coherence.readable(whole).message(), cause.message());
  coherence.begin_write(whole, gpu, common_agent, point(1, 2));
  EXPECT_TRUE(coherence.readable(whole).ok());
  coherence.commit(whole);
  EXPECT_TRUE(coherence.readable(whole).ok());
}

TEST(CoherenceSteps, a_write_committed_behind_a_failed_one_is_lost_with_it) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_write(whole, gpu, common_agent, point(1, 1));
  coherence.begin_write(whole, gpu, common_agent, point(1, 2));
  coherence.fail(whole, cause);
  EXPECT_TRUE(coherence.any_pending());
  coherence.commit(whole);
  EXPECT_FALSE(coherence.any_pending());
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, host), 0u);
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), size);
}

TEST(CoherenceSteps, bytes_that_lay_in_a_lost_space_alone_are_poisoned_and_others_are_not) {
  Coherence coherence{size};
  const Region left = Region::bytes(0, 16), right = Region::bytes(16, 48);
  coherence.refine(left);
  coherence.set_initial(host);
  coherence.begin_write(left, gpu, common_agent, point(1, 1));
  coherence.commit(left);
  coherence.lose(gpu, cause);
  EXPECT_EQ(coherence.readable(left).code(), Code::data_lost);
  EXPECT_TRUE(coherence.readable(right).ok());
}

TEST(CoherenceSteps, a_version_lost_while_it_was_written_does_not_count_when_it_is_committed) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_write(whole, host, common_agent, point(1, 1));
  coherence.lose(host, cause);
  coherence.commit(whole);
  EXPECT_EQ(coherence.readable(whole).code(), Code::data_lost);
}

TEST(CoherenceSteps, a_failed_copy_leaves_its_target_without_bytes_unless_written_since) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.begin_copy(whole, host, gpu, common_agent, point(1, 1));
  coherence.copy_failed(whole, gpu, point(1, 1));
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), size);
  coherence.begin_copy(whole, host, gpu, common_agent, point(1, 2));
  coherence.copy_failed(whole, gpu, point(1, 1));
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), 0u);
}

TEST(CoherenceSteps, what_a_lost_agent_never_handed_over_is_gone) {
  constexpr AgentMask agent = 1;
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.acquired(whole, host, agent, true, point(1, 1));
  coherence.begin_write(whole, host, agent, point(1, 2));
  coherence.commit(whole);
  const std::vector<Move> moves = missing(coherence, host);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].kind, Move::Kind::release);
  EXPECT_EQ(moves[0].holder, agent);
  coherence.lose_agent(agent, cause);
  EXPECT_EQ(coherence.readable(whole).code(), Code::data_lost);
}

TEST(CoherenceSteps, a_hand_over_is_waited_for_and_told_once) {
  constexpr AgentMask agent = 1;
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.acquired(whole, host, agent, true, point(1, 1));
  EXPECT_EQ(waits(coherence, host, Access::read), (Points{{QueueId{1}, 1}}));
  coherence.released(whole, host, agent, false, point(1, 2));
  EXPECT_EQ(waits(coherence, host, Access::read), (Points{{QueueId{1}, 2}}));
  EXPECT_TRUE(missing(coherence, host).empty());
  EXPECT_EQ(missing(coherence, host, Access::write).size(), 1u)
      << "who writes wants the agent to give it up";
}

TEST(CoherenceSteps, only_bytes_that_nobody_else_holds_are_sole) {
  Coherence coherence{size};
  coherence.set_initial(host);
  std::vector<Region> regions;
  coherence.sole(host, regions);
  EXPECT_EQ(regions, std::vector{whole});
  coherence.begin_copy(whole, host, gpu, common_agent, point(1, 1));
  regions.clear();
  coherence.sole(host, regions);
  EXPECT_TRUE(regions.empty());
  coherence.drop(gpu);
  coherence.sole(host, regions);
  EXPECT_EQ(regions, std::vector{whole});
  EXPECT_TRUE(users(coherence, gpu).empty());
}

TEST(CoherenceSteps, forgotten_contents_are_neither_valid_nor_poisoned) {
  Coherence coherence{size};
  coherence.set_initial(host);
  coherence.poison(whole, cause);
  EXPECT_FALSE(coherence.readable(whole).ok());
  coherence.forget_contents();
  EXPECT_TRUE(coherence.readable(whole).ok());
  EXPECT_EQ(coherence.missing_bytes(whole, Access::read, gpu), 0u);
}

}  // namespace
}  // namespace troika
