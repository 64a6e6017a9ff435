#include "runtime/exec/host_lane_deque.h"
#include "tests/relacy/relacy_atomics.h"

namespace troika {
namespace {

using namespace testing;

// The owner puts `items` tasks into a deque that must grow, and pops; thieves steal. Each task is
// handed over once, with what the owner wrote for it.
template <class Atomics, unsigned thieves, unsigned items>
struct DequeModel : rl::test_suite<DequeModel<Atomics, thieves, items>, thieves + 1> {
  Aligned<LaneDeque<Atomics>> deque{2};
  rl::var<unsigned> payload[items];
  unsigned handed_over[items] = {};

  void take(const LaneItem& item) {
    RL_ASSERT(item.begin < items);
    RL_ASSERT(payload[item.begin](RL_INFO).load() == item.begin + 100);
    RL_ASSERT(++handed_over[item.begin] == 1);
  }
  void thread(unsigned index) {
    LaneItem item;
    if (index > 0) {
      for (unsigned tries = 0; tries < 2; ++tries) {
        if (deque->steal(item) == Steal::got) take(item);
      }
      return;
    }
    for (unsigned i = 0; i < items; ++i) {
      payload[i](RL_INFO).store(i + 100);
      deque->put({nullptr, i, 0});
      deque->publish();
      if (i % 2 == 1 && deque->pop(item)) take(item);
    }
    while (deque->pop(item)) take(item);
  }
  void after() {
    for (const unsigned count : handed_over) RL_ASSERT(count == 1);
  }
};

TEST(RelacyDeque, hands_every_task_over_once_to_one_thief_or_the_owner) {
  expect_holds<DequeModel<Written, 1, 4>>(3, 100'000);
}

TEST(RelacyDeque, hands_every_task_over_once_to_two_thieves_or_the_owner) {
  expect_holds<DequeModel<Written, 2, 3>>(2, 150'000);
}

TEST(RelacyDeque, would_hand_a_task_over_twice_without_sequential_consistency) {
  expect_breaks<DequeModel<NoSeqCst, 1, 4>>(3, 150'000);
}

}  // namespace
}  // namespace troika
