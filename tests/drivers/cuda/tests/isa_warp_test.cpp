// What lanes of a warp do together: votes, matches, shuffles and reductions.
#include <algorithm>
#include <numeric>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using u32 = std::uint32_t;
using s32 = std::int32_t;

// Two warps' values, some of which are equal.
std::vector<u32> some() {
  std::vector<u32> values(64);
  for (u32 i = 0; i < 64; ++i) values[i] = (i * 2654435761u >> 7) % 11 + (i == 40 ? 1u << 31 : 0);
  return values;
}

struct WarpRow {
  const char* ptx;
  // Of a warp's 32 values and a lane.
  std::function<u32(const u32* values, u32 lane)> expected;
};

class IsaOfWarps : public Isa {
 protected:
  void check_warps(const std::vector<WarpRow>& rows) {
    for (const WarpRow& row : rows) {
      SCOPED_TRACE(row.ptx);
      const auto in = some();
      std::vector<u32> wanted(in.size());
      for (u32 i = 0; i < in.size(); ++i) wanted[i] = row.expected(&in[i / 32 * 32], i % 32);
      EXPECT_EQ(run32(row.ptx, in), wanted);
    }
  }
};

u32 ballot(const u32* values, const std::function<bool(u32)>& holds) {
  u32 mask = 0;
  for (u32 i = 0; i < 32; ++i) mask |= u32{holds(values[i])} << i;
  return mask;
}
bool is_odd(u32 value) { return value % 2 != 0; }

TEST_F(IsaOfWarps, lanes_vote) {
  check_warps({
      {"and.b32 %r1, %ra, 1; setp.ne.u32 %p1, %r1, 0; vote.sync.ballot.b32 %rd, %p1, 0xFFFFFFFF;",
       [](const u32* values, u32) { return ballot(values, is_odd); }},
      {"and.b32 %r1, %ra, 1; setp.ne.u32 %p1, %r1, 0; vote.sync.any.pred %p2, %p1, 0xFFFFFFFF;"
       "selp.u32 %rd, 1, 0, %p2;",
       [](const u32* values, u32) { return u32{ballot(values, is_odd) != 0}; }},
      {"setp.lt.u32 %p1, %ra, 11; vote.sync.all.pred %p2, %p1, 0xFFFFFFFF;"
       "selp.u32 %rd, 1, 0, %p2;",
       [](const u32* values, u32) {
         return u32{ballot(values, [](u32 v) { return v < 11; }) == ~u32{0}};
       }},
      {"setp.gt.u32 %p1, %ra, 99; vote.sync.uni.pred %p2, %p1, 0xFFFFFFFF;"
       "selp.u32 %rd, 1, 0, %p2;",
       [](const u32* values, u32) {
         const u32 mask = ballot(values, [](u32 v) { return v > 99; });
         return u32{mask == 0 || mask == ~u32{0}};
       }},
      // Only odd lanes are there.
      {"and.b32 %r1, %i, 1; setp.ne.u32 %p1, %r1, 0; mov.u32 %rd, 7; @!%p1 bra done;"
       "setp.gt.u32 %p2, %ra, 4; vote.sync.ballot.b32 %rd, %p2, 0xAAAAAAAA; done:",
       [](const u32* values, u32 lane) {
         return lane % 2 == 0 ? 7 : ballot(values, [](u32 v) { return v > 4; }) & 0xAAAAAAAA;
       }},
      {"and.b32 %r1, %i, 3; setp.eq.u32 %p1, %r1, 0; mov.u32 %rd, 7; @!%p1 bra done;"
       "activemask.b32 %rd; done:",
       [](const u32*, u32 lane) { return lane % 4 == 0 ? 0x11111111u : 7u; }},
  });
}

TEST_F(IsaOfWarps, lanes_find_those_with_equal_values) {
  const auto equal = [](const u32* values, u32 lane) {
    return ballot(values, [mine = values[lane]](u32 v) { return v == mine; });
  };
  check_warps({
      {"match.any.sync.b32 %rd, %ra, 0xFFFFFFFF;", equal},
      {"cvt.u64.u32 %l1, %ra; shl.b64 %l1, %l1, 32; match.any.sync.b64 %rd, %l1, 0xFFFFFFFF;",
       equal},
      {"match.all.sync.b32 %rd|%p1, %ra, 0xFFFFFFFF; @%p1 add.u32 %rd, %rd, 1;",
       [](const u32*, u32) { return 0u; }},
      {"mov.u32 %r1, 5; match.all.sync.b32 %rd|%p1, %r1, 0xFFFFFFFF; @!%p1 mov.u32 %rd, 1;",
       [](const u32*, u32) { return ~u32{0}; }},
  });
}

TEST_F(IsaOfWarps, lanes_read_each_others_registers) {
  // Within segments of eight lanes; outside of them, its own and a predicate that does not hold.
  const auto in_segments = [](auto source) {
    return [source](const u32* values, u32 lane) {
      const s32 from = source(static_cast<s32>(lane));
      const bool holds =
          from >= static_cast<s32>(lane & ~7u) && from <= static_cast<s32>(lane | 7u);
      return values[holds ? static_cast<u32>(from) : lane] + (holds ? 100 : 0);
    };
  };
  check_warps({
      {"shfl.sync.idx.b32 %rd, %ra, 5, 31, 0xFFFFFFFF;",
       [](const u32* values, u32) { return values[5]; }},
      {"shfl.sync.bfly.b32 %rd, %ra, 16, 31, 0xFFFFFFFF;",
       [](const u32* values, u32 lane) { return values[lane ^ 16]; }},
      {"shfl.sync.up.b32 %rd, %ra, 3, 0, 0xFFFFFFFF;",
       [](const u32* values, u32 lane) { return values[lane >= 3 ? lane - 3 : lane]; }},
      {"shfl.sync.down.b32 %rd, %ra, 9, 31, 0xFFFFFFFF;",
       [](const u32* values, u32 lane) { return values[lane + 9 < 32 ? lane + 9 : lane]; }},
      {"shfl.sync.down.b32 %rd|%p1, %ra, 2, 0x181F, 0xFFFFFFFF; @%p1 add.u32 %rd, %rd, 100;",
       in_segments([](s32 lane) { return lane + 2; })},
      {"shfl.sync.up.b32 %rd|%p1, %ra, 2, 0x1800, 0xFFFFFFFF; @%p1 add.u32 %rd, %rd, 100;",
       in_segments([](s32 lane) { return lane - 2; })},
      {"shfl.sync.idx.b32 %rd, %ra, 3, 0x181F, 0xFFFFFFFF;",
       [](const u32* values, u32 lane) { return values[(lane & ~7u) | 3]; }},
  });
}

template <class F>
auto folded(u32 begin, F f) {
  return [begin, f](const u32* values, u32) {
    return static_cast<u32>(std::accumulate(values, values + 32, begin, f));
  };
}

TEST_F(IsaOfWarps, lanes_reduce) {
  check_warps({
      {"redux.sync.add.u32 %rd, %ra, 0xFFFFFFFF;", folded(0, [](u32 a, u32 b) { return a + b; })},
      {"redux.sync.min.u32 %rd, %ra, 0xFFFFFFFF;",
       folded(~u32{0}, [](u32 a, u32 b) { return std::min(a, b); })},
      {"redux.sync.min.s32 %rd, %ra, 0xFFFFFFFF;",
       folded(0x7FFFFFFF, [](u32 a, u32 b) { return u32(std::min(s32(a), s32(b))); })},
      {"redux.sync.max.u32 %rd, %ra, 0xFFFFFFFF;",
       folded(0, [](u32 a, u32 b) { return std::max(a, b); })},
      {"redux.sync.and.b32 %rd, %ra, 0xFFFFFFFF;",
       folded(~u32{0}, [](u32 a, u32 b) { return a & b; })},
      {"redux.sync.or.b32 %rd, %ra, 0xFFFFFFFF;", folded(0, [](u32 a, u32 b) { return a | b; })},
      {"redux.sync.xor.b32 %rd, %ra, 0xFFFFFFFF;", folded(0, [](u32 a, u32 b) { return a ^ b; })},
  });
}

}  // namespace
}  // namespace cuda_emulator_test
