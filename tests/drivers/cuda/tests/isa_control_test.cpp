// Predicates, branches, calls, local memory and barriers.
#include <algorithm>
#include <numeric>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using u32 = std::uint32_t;

// 0, 1, 2, …
std::vector<u32> counted(u32 count) {
  std::vector<u32> values(count);
  std::iota(values.begin(), values.end(), 0u);
  return values;
}

template <class F>
std::vector<u32> mapped(std::vector<u32> values, F f) {
  std::transform(values.begin(), values.end(), values.begin(), f);
  return values;
}

TEST_F(Isa, predicates_decide_lane_by_lane) {
  EXPECT_EQ(run32("setp.lt.u32 %p1, %ra, 20; mov.u32 %rd, 0; @%p1 add.u32 %rd, %ra, 1;"
                  "@!%p1 sub.u32 %rd, %ra, 5; not.pred %p2, %p1; and.pred %p3, %p1, %p2;"
                  "@%p3 mov.u32 %rd, 0; or.pred %p3, %p1, %p2; @!%p3 mov.u32 %rd, 0;",
                  counted(64)),
            mapped(counted(64), [](u32 a) { return a < 20 ? a + 1 : a - 5; }));
}

TEST_F(Isa, lanes_part_in_branches_and_meet_again) {
  // The length of each lane's Collatz sequence; every lane leaves the loop in its own turn.
  const auto steps = [](u32 n) {
    u32 count = 0;
    for (n += 1; n != 1; ++count) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    return count;
  };
  EXPECT_EQ(run32(R"(
      add.u32 %r1, %ra, 1; mov.u32 %rd, 0;
      again: setp.eq.u32 %p1, %r1, 1; @%p1 bra done;
      and.b32 %r2, %r1, 1; setp.eq.u32 %p2, %r2, 0; @%p2 bra even;
      mad.lo.u32 %r1, %r1, 3, 1; bra.uni next;
      even: shr.u32 %r1, %r1, 1;
      next: add.u32 %rd, %rd, 1; bra again;
      done: activemask.b32 %r3; setp.ne.u32 %p3, %r3, 0xFFFFFFFF; @%p3 add.u32 %rd, %rd, 1000;)",
                  counted(96)),
            mapped(counted(96), steps));
}

TEST_F(Isa, an_indexed_branch_goes_where_its_table_says) {
  EXPECT_EQ(run32(R"(
      and.b32 %r1, %ra, 3; setp.eq.u32 %p1, %r1, 3; mov.u32 %rd, 40; @%p1 bra done;
      table: .branchtargets one, two, three;
      brx.idx %r1, table;
      one: mov.u32 %rd, 10; bra done;
      two: mov.u32 %rd, 20; bra done;
      three: mov.u32 %rd, 30;
      done:)",
                  counted(64)),
            mapped(counted(64), [](u32 a) { return (a % 4 + 1) * 10; }));
}

TEST_F(Isa, functions_are_called_with_arguments_by_some_lanes_and_by_themselves) {
  const std::string factorial = R"(
      .func (.param .b32 result) factorial(.param .b32 n);
      .func (.param .b32 result) factorial(.param .b32 n)
      {
        .reg .b32 %r<4>; .reg .pred %p;
        ld.param.u32 %r1, [n]; mov.u32 %r3, 1;
        setp.lt.u32 %p, %r1, 2; @%p bra done;
        sub.u32 %r2, %r1, 1;
        {
          .param .b32 argument; .param .b32 made;
          st.param.b32 [argument], %r2;
          call.uni (made), factorial, (argument);
          ld.param.b32 %r3, [made];
        }
        ld.param.u32 %r1, [n];
        mul.lo.u32 %r3, %r3, %r1;
        done: st.param.b32 [result], %r3;
        ret;
      }
      )";
  const auto expected = [](u32 a) {
    u32 made = 1;
    for (u32 n = a % 10; n > 1; --n) made *= n;
    return a % 10 < 7 ? made : 7;
  };
  EXPECT_EQ(run32(R"(
      rem.u32 %r1, %ra, 10; mov.u32 %rd, 7; setp.ge.u32 %p1, %r1, 7; @%p1 bra done;
      {
        .param .b32 argument; .param .b32 made;
        st.param.b32 [argument], %r1;
        call (made), factorial, (argument);
        ld.param.b32 %rd, [made];
      }
      done:)",
                  counted(64), factorial),
            mapped(counted(64), expected));
}

TEST_F(Isa, local_memory_is_a_threads_own) {
  // Eight values there, read back from the last, by a generic address too.
  EXPECT_EQ(run32(R"(
      .local .align 4 .b8 own[32];
      mov.u64 %l1, own; mov.u32 %r1, 0;
      fill: mad.lo.u32 %r2, %r1, %r1, %ra; mul.wide.u32 %l2, %r1, 4; add.u64 %l2, %l1, %l2;
      st.local.u32 [%l2], %r2; add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 8; @%p1 bra fill;
      and.b32 %r3, %ra, 7; mul.wide.u32 %l3, %r3, 4;
      cvta.local.u64 %l4, %l1; add.u64 %l4, %l4, %l3; ld.u32 %r4, [%l4];
      ld.local.u32 %r5, [own + 28]; add.u32 %rd, %r4, %r5;)",
                  counted(64)),
            mapped(counted(64), [](u32 a) { return (a % 8) * (a % 8) + a + 49 + a; }));
}

TEST_F(Isa, threads_of_a_block_meet_at_barriers) {
  // Each thread reads what the last but its index wrote, twice over.
  EXPECT_EQ(run32(R"(
      .shared .align 4 .b8 all[1024];
      mov.u64 %l1, all; mul.wide.u32 %l2, %i, 4; add.u64 %l3, %l1, %l2;
      sub.u32 %r1, 255, %i; mul.wide.u32 %l4, %r1, 4; add.u64 %l4, %l1, %l4;
      st.shared.u32 [%l3], %ra; bar.sync 0; ld.shared.u32 %r2, [%l4]; barrier.sync 0;
      add.u32 %r2, %r2, 1; st.shared.u32 [%l3], %r2; bar.sync 0; ld.shared.u32 %rd, [%l4];)",
                  counted(256)),
            mapped(counted(256), [](u32 a) { return a + 1; }));
}

TEST_F(Isa, barriers_reduce_and_let_some_only_arrive) {
  EXPECT_EQ(run32(R"(
      setp.lt.u32 %p1, %ra, 70; bar.red.popc.u32 %rd, 0, %p1;
      bar.red.and.pred %p2, 0, %p1; @%p2 add.u32 %rd, %rd, 1000;
      bar.red.or.pred %p3, 0, %p1; @%p3 add.u32 %rd, %rd, 2000;)",
                  counted(128)),
            std::vector<u32>(128, 70 + 2000));
  // The first warp makes a value, arrives and goes on; the second waits for it.
  EXPECT_EQ(run32(R"(
      .shared .align 4 .b8 value[4];
      setp.ge.u32 %p1, %i, 32; mov.u32 %rd, 1; @%p1 bra reader;
      mov.u32 %r1, 42; st.shared.u32 [value], %r1; bar.arrive 1, 64; bra done;
      reader: bar.sync 1, 64; ld.shared.u32 %rd, [value];
      done:)",
                  counted(64)),
            mapped(counted(64), [](u32 a) { return a < 32 ? 1u : 42u; }));
}

}  // namespace
}  // namespace cuda_emulator_test
