// One buffer's coherence and short words for what happens to it.
#pragma once

#include <algorithm>

#include <gtest/gtest.h>

#include "runtime/data/coherence.h"

namespace troika {

inline constexpr SpaceId gpu{1}, fpga{2};
inline constexpr std::size_t size = 64;
inline const Region whole = Region::bytes(0, size);
inline const Region left = Region::bytes(0, 32);
inline const Region right = Region::bytes(32, 32);

inline Timepoint at(std::uint32_t queue, std::uint64_t value) { return {QueueId{queue}, value}; }

inline std::string to_string(const Move& move) {
  const char* kind = move.kind == Move::Kind::copy      ? "copy"
                     : move.kind == Move::Kind::release ? "release"
                                                        : "acquire";
  return std::string{kind} + " [" + std::to_string(move.region.offset) + ", +" +
         std::to_string(move.region.size()) + ") " +
         (move.kind == Move::Kind::copy ? "from " : "in ") + std::to_string(move.space.value) +
         (move.kind == Move::Kind::release ? " by " + std::to_string(move.holder) : "") +
         (move.will_write ? " to write" : "");
}

class CoherenceTest : public testing::Test {
 protected:
  using Steps = std::vector<std::string>;

  // What has to happen first, in order of place.
  Steps missing(const Region& region, Access access, SpaceId space, AgentMask agent = common_agent,
                SpaceMask direct = 0) {
    coherence.refine(region);
    std::vector<Move> moves;
    coherence.missing({region, access, space, agent, direct}, moves);
    std::sort(moves.begin(), moves.end(),
              [](const Move& a, const Move& b) { return a.region.offset < b.region.offset; });
    Steps steps;
    for (const Move& move : moves) steps.push_back(to_string(move));
    return steps;
  }
  bool valid_in(const Region& region, SpaceId space) {
    coherence.refine(region);
    return coherence.missing_bytes(region, Access::read, space) == 0;
  }
  // What must be reached first, as "queue:value" in order.
  Steps waits(const Region& region, Access access, SpaceId space) {
    Frontier points;
    coherence.waits({region, access, space, common_agent, 0}, points);
    return told(points);
  }
  static Steps told(const Frontier& points) {
    Steps steps;
    points.for_each([&](Timepoint point) {
      if (!point.trivial())
        steps.push_back(std::to_string(point.queue.value) + ":" + std::to_string(point.value));
    });
    std::sort(steps.begin(), steps.end());
    return steps;
  }

  void begin_write(const Region& region, SpaceId space, Timepoint done,
                   AgentMask agent = common_agent) {
    coherence.refine(region);
    coherence.begin_write(region, space, agent, done);
  }
  void write(const Region& region, SpaceId space, Timepoint done, AgentMask agent = common_agent) {
    begin_write(region, space, done, agent);
    coherence.commit(region);
  }
  void copy(const Region& region, SpaceId from, SpaceId to, Timepoint done) {
    coherence.refine(region);
    coherence.begin_copy(region, from, to, common_agent, done);
  }

  Coherence coherence{size};
};

}  // namespace troika
