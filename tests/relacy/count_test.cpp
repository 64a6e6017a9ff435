#include "runtime/exec/host_lane_count.h"
#include "tests/relacy/relacy_atomics.h"

namespace troika {
namespace {

using namespace testing;

// Each thread is a predecessor: one of them finds the task ready and sees what all wrote; then the
// count is as before, and a replay works too.
template <unsigned predecessors, bool one_fails>
struct ArriveModel : rl::test_suite<ArriveModel<predecessors, one_fails>, predecessors> {
  LaneCount<Written> count;
  rl::var<unsigned> payload[predecessors];
  unsigned ready = 0;

  void before() { count.set_predecessors(predecessors); }
  void thread(unsigned index) {
    payload[index](RL_INFO).store(index + 1);
    if (one_fails && index == 0) count.taint();
    if (!count.arrive()) return;
    ++ready;
    for (unsigned i = 0; i < predecessors; ++i) RL_ASSERT(payload[i](RL_INFO).load() == i + 1);
    RL_ASSERT(count.take_taint() == one_fails);
    for (unsigned i = 1; i < predecessors; ++i) RL_ASSERT(!count.arrive());
    RL_ASSERT(count.arrive());
    RL_ASSERT(!count.take_taint());
  }
  void after() { RL_ASSERT(ready == 1); }
};

TEST(RelacyCount, the_last_of_two_predecessors_sees_what_both_wrote) {
  expect_holds<ArriveModel<2, false>>(4, 100'000);
}

TEST(RelacyCount, the_last_of_three_predecessors_sees_what_all_wrote) {
  expect_holds<ArriveModel<3, false>>(3, 100'000);
}

TEST(RelacyCount, the_last_predecessor_sees_that_another_one_failed) {
  expect_holds<ArriveModel<3, true>>(3, 100'000);
}

// A body that returns, and its completion reported from elsewhere.
struct MeetModel : rl::test_suite<MeetModel, 2> {
  LaneCount<Written> count;
  rl::var<unsigned> payload[2];
  unsigned seconds = 0;

  void before() { count.set_predecessors(1); }
  void thread(unsigned index) {
    payload[index](RL_INFO).store(index + 1);
    const auto met = count.meet(index == 1);
    if (met == LaneCount<Written>::Met::first) return;
    RL_ASSERT(met == LaneCount<Written>::Met::failed);
    RL_ASSERT(payload[1 - index](RL_INFO).load() == 2 - index);
    ++seconds;
    RL_ASSERT(count.arrive());
  }
  void after() { RL_ASSERT(seconds == 1); }
};

TEST(RelacyCount, the_second_to_meet_learns_how_the_task_ended) {
  expect_holds<MeetModel>(4, 100'000);
}

}  // namespace
}  // namespace troika
